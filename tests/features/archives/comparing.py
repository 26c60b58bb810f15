"""What two archives have in common that were written by different servers."""

import hashlib
import io
import json
import zipfile
from typing import Any

# For reading alone, and what a server makes of the rest.
NOT_TAKEN_IN = {"usage_entries", "notification_deliveries", "calendar_sources"}
MADE_ANEW = {
    # One that was kept elsewhere is kept here from now on.
    "calendars": {"kind"},
    "memories": {"id", "created_at", "updated_at"},
    "memory_proposals": {"id", "created_at", "change"},
    "file_contents": {"id", "created_at"},
    "files": {"content_id"},
    # What could be done about something told is over.
    "notifications": {"actions"},
}
# What was, comes back as cancelled.
UNDER_WAY = {"requires_action", "in_progress", "cancelled"}


def entries(archive: bytes) -> dict[str, bytes]:
    opened = zipfile.ZipFile(io.BytesIO(archive))
    return {name: opened.read(name) for name in opened.namelist() if name != "manifest.json"}


def comparable(archive: bytes) -> dict[str, Any]:
    """What an archive has, without what is made anew wherever it is taken in."""
    found: dict[str, Any] = {"bytes": set(), "other entries": set()}
    for name, data in entries(archive).items():
        folder, _, rest = name.partition("/")
        table = rest.removesuffix(".jsonl")
        if folder == "files":
            found["bytes"].add((rest.rpartition("/")[2], hashlib.sha256(data).hexdigest()))
        elif folder == "data" and table not in NOT_TAKEN_IN:
            rows = [json.loads(line) for line in data.splitlines()]
            found[table] = sorted(json.dumps(_lasting(table, row)) for row in rows if _comes_back(table, row))
        else:
            found["other entries"].add(name)
    return found


def _comes_back(table: str, row: dict[str, Any]) -> bool:
    return {"memories": row.get("superseded_by") is None, "notification_channels": row.get("kind") == "email"}.get(
        table, True
    )


def _lasting(table: str, row: dict[str, Any]) -> dict[str, Any]:
    anew = MADE_ANEW.get(table, set())
    if row.get("status") in UNDER_WAY:
        anew = {"status", "ended_at"}
    return {name: value for name, value in row.items() if name not in anew}
