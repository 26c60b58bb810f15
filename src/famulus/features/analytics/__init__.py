"""Analytics: what people do with the server and how it goes, for those who run it.

Whatever happens is told as a fact (`kit/facts.py`), taken down in memory and written in batches by a task that nobody
waits for. An event names what happened and never what was said; whoever wants to can be left out.
`docs/decisions/0023` says why.
"""
