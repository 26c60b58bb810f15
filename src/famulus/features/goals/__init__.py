"""What a person wants to reach: goals, a roadmap of steps to each, how far it is, and what can be done next.

A roadmap's steps are at once the person's to-dos: there is one row for both, so that they cannot get out of step.
"""
