"""Plain phrases about files and about what was said: what the offline stand-in understands of papers."""

import re
from typing import Any

Call = tuple[str, dict[str, Any]]

_LIST = re.compile(r"\s*(?:please )?(?:list|show|which are|what are) my files\b", re.IGNORECASE)
_SEARCH = re.compile(
    r"\s*(?:please )?(?:search|look in(?:to)?) my files (?:for|about)[: ]+(.+?)[?.]?\s*$", re.IGNORECASE | re.DOTALL
)
_FIND = re.compile(
    r"\s*(?:please )?(?:what did (?:we|you|i) (?:say|write|decide|agree)(?: (?:about|on))?|search for)[: ]+"
    r"(.+?)[?.]?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_READ = re.compile(r"\s*(?:please )?read (?:the |my )?(?:file )?(file_[0-9a-z]{26})\b", re.IGNORECASE)


def asked_for(text: str) -> Call | None:
    """The tool that the phrase asks for, and its arguments."""
    if match := _SEARCH.match(text):
        return "search_files", {"query": match[1]}
    if match := _READ.match(text):
        return "read_file", {"file_id": match[1].lower()}
    if match := _FIND.match(text):
        return "search", {"query": match[1]}
    return ("list_files", {}) if _LIST.match(text) else None
