"""A server whose data is on PostgreSQL: a turn, a crash, and a second server beside it."""

import pytest

pytestmark = pytest.mark.anyio
