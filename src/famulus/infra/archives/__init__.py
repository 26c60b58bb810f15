"""All that is one person's, in one zip file, out and in: `docs/guide/archives.md` describes the format.

A feature declares what of its tables goes along (`Portion`) and what stays behind, and why; what is more than rows is
a `Part` of its own. An archive is written as it is sent, a page of rows and a piece of a file at a time, and is read
twice: once to find whatever is wrong with it, and then to take it in.
"""

from famulus.infra.archives.parts import Arrival, Entry, Part
from famulus.infra.archives.portion import Portion, Row
from famulus.infra.archives.reading import Archive, ArchiveNotUnderstood, ArchiveTooLarge
from famulus.infra.archives.rows import Rows
from famulus.infra.archives.taking import Added, add_rows
from famulus.infra.archives.writing import FORMAT, VERSION, written

__all__ = [
    "FORMAT", "VERSION", "Added", "Archive", "ArchiveNotUnderstood", "ArchiveTooLarge", "Arrival", "Entry", "Part",
    "Portion", "Row", "Rows", "add_rows", "written",
]  # fmt: skip
