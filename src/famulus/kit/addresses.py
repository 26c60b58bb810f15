"""What an address says about what is behind it."""

_POSTGRES = ("postgresql://", "postgres://")


def is_postgres(url: str) -> bool:
    """Whether a PostgreSQL server is at this address."""
    return url.startswith(_POSTGRES)
