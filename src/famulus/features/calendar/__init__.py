"""What happens when: calendars of one's own and from elsewhere, events that may recur, and the time between them.

An event is kept as its person meant it: a wall-clock time in a zone, or days. Instants are worked out when they are
asked for.
"""
