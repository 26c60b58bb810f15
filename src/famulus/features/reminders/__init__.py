"""Say something at a time that a person chose: once, after a while, by cron or by an RRULE, in the zone they meant.

A reminder knows when it is due next. Each time that comes is an occurrence, a row that there is once for a reminder
and an instant, written together with the notification that it is: whoever's process does it, and whatever happens to
that process, the reminder fires once or, later, still once.
"""
