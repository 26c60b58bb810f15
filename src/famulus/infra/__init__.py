"""Connections to what Famulus stands on: opened at first use, pooled, closed once."""
