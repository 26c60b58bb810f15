"""The engine: a model and tools taking turns until there is an answer. It knows no feature and no database."""
