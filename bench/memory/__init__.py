"""How well memories are found: a small labelled set of dialogue, made by rule from a seed."""
