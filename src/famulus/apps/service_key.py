"""The secret that the server and the memory service share."""

import contextlib
import os
import secrets
from pathlib import Path

from famulus.kit.errors import Invalid
from famulus.settings import Settings

_FILE = "memory-service.key"
_SHORTEST = 16


class ServiceKeyTooShort(Invalid):
    """The secret could be guessed."""

    def __init__(self) -> None:
        super().__init__(f"The memory's service key has at least {_SHORTEST} characters.")


def service_key(settings: Settings) -> str:
    """The key of the settings, or that of the data folder, which is made by whoever is first to ask."""
    given = settings.memory.service_key
    key = given.get_secret_value() if given is not None else _kept(settings.data_dir)
    if len(key) < _SHORTEST:
        raise ServiceKeyTooShort
    return key


def _kept(folder: Path) -> str:
    path = folder / _FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = folder / f"{_FILE}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        # Whole or not at all, and never in place of one that another process has made meanwhile.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(fresh)
        fresh.unlink()
    return path.read_text().strip()
