"""The first minutes of somebody who is new: a few short questions, each of which may be skipped.

What is answered becomes what it would be anywhere else: preferences, a zone, a model, memories, a reminder. `states.py`
says which question comes after which; a row of `onboardings` remembers where somebody is, and what was made of the
answers, so that beginning anew takes back that and nothing else.
"""
