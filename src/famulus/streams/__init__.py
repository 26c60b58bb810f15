"""Durable event streams: a gapless log per stream, shown live and from any position, for as long as it is kept."""
