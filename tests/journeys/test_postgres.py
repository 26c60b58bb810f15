"""A server whose data is on PostgreSQL: a turn, a crash, and a second server beside it."""

import asyncio
from pathlib import Path

import pytest

from tests.fake_model.fixture import FakeModel
from tests.serving import Event, assert_whole, serving, text_of

pytestmark = pytest.mark.anyio
