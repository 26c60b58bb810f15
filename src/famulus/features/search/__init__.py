"""Search: one query over everything that belongs to a person.

The index is rows of a table, for each owner and word the things that have it, the same on both databases. What changes
is noted by the database (`infra/findable.py`) and taken in behind the write (`indexing.py`), or by the next search,
whichever comes first. Texts are not kept twice: what is shown is read where it belongs, and what is gone there is not
shown. `docs/decisions/0021` says why.
"""
