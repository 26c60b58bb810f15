"""What of files can be found: their names, and the passages of their texts."""

import sqlalchemy as sa

from famulus.features.files.tables import file_passages, files
from famulus.infra.findable import Findable

_passage, _file = file_passages.c, files.c
# The same bytes may be there under several names: the latest is shown.
_other = files.alias("other")
_latest = (
    sa.select(sa.func.max(_other.c.id))
    .where(_other.c.content_id == _passage.content_id, _other.c.user_id == _passage.user_id)
    .correlate(file_passages)
    .scalar_subquery()
)

FINDABLE = (
    Findable("file", files, watched=("name",), at=_file.created_at, title=_file.name),
    Findable(
        "passage",
        file_passages,
        watched=("text",),
        at=_file.created_at,
        text=_passage.text,
        name=_file.name,
        part_of=_file.id,
        # While a file is still being read, what is read of it can be found.
        joined=file_passages.join(files, _file.id == _latest),
    ),
)
