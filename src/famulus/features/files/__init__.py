"""Files: what a person has uploaded, the bytes and the text of it.

Bytes are kept once per person and content, however often they are uploaded; a file is a name for them. Their text is
read in another process, cut into passages, and found by its words.
"""
