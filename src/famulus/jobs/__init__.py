"""Durable background work: a job is claimed under a lease, worked on, and finished, parked or tried again.

One table is the queue. `due_at` says when a job may be claimed next; while somebody works on it, that is the end of
their lease, so that work nobody answers for becomes due by itself.
"""
