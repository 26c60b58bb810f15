"""How to reach a person: a notification is kept, shown where they are signed in, and carried to their channels.

What somebody is told (`notifications`: read, archived) and how it gets to them (`deliveries`: pending, held,
delivered, dead, one row for each channel) are two things. A notification and its deliveries are written in the
transaction of whatever they tell of; each delivery outward is a durable job, tried again until it is accepted or given
up visibly.
"""
