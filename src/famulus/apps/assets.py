"""The page's files on their way to a browser: compressed for one that takes that, kept there, and asked about."""

import gzip
import os
from functools import lru_cache
from pathlib import Path

from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse
from starlette.types import Scope

_TEXTS = frozenset({".html", ".css", ".js", ".json", ".svg", ".txt"})
_MOST_FILES = 512


class Assets(StaticFiles):
    """The files of a folder, which a browser keeps and asks about."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """A file, or word that the browser's own copy is still the newest."""
        asked = Headers(scope=scope)
        response = file_of(Path(full_path), stat_result, asked, status_code=status_code)
        return NotModifiedResponse(response.headers) if self.is_not_modified(response.headers, asked) else response


def file_of(path: Path, found: os.stat_result, asked: Headers, *, status_code: int = 200, vary: str = "") -> Response:
    """A file as its asker takes it."""
    plain = FileResponse(path, status_code=status_code, stat_result=found)
    plain.headers["Cache-Control"] = "no-cache"
    if path.suffix not in _TEXTS:
        return plain
    plain.headers["Vary"] = ", ".join(filter(None, (vary, "Accept-Encoding")))
    if not _takes_gzip(asked):
        return plain
    headers = {name: value for name, value in plain.headers.items() if name not in ("content-length", "accept-ranges")}
    # Another tag, since these are other bytes.
    headers |= {"content-encoding": "gzip", "etag": headers["etag"].removesuffix('"') + '-gzip"'}
    return Response(_compressed(path, found.st_mtime_ns, found.st_size), status_code=status_code, headers=headers)


def _takes_gzip(asked: Headers) -> bool:
    codings = (coding.partition(";") for coding in asked.get("accept-encoding", "").lower().split(","))
    weights = {name.strip(): rest.replace(" ", "") for name, _, rest in codings}
    return weights.get("gzip", "q=0") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")


@lru_cache(_MOST_FILES)
def _compressed(path: Path, _changed_at: int, _size: int) -> bytes:
    """Done once for each state of a file: it is asked for by everybody, and takes some milliseconds."""
    return gzip.compress(path.read_bytes(), mtime=0)
