"""Famulus: a self-hosted assistant server whose answers survive anything."""

__version__ = "0.1.0"
