"""What a token and a turn cost, measured: Famulus beside the leanest proxies one can write in Python.

Every server is a process of its own, and so is the client that loads it; `bench/README.md` says what is
measured and how to repeat it.
"""
