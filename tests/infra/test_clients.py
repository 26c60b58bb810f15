"""The shared clients, as those use them who have Famulus as a library."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from famulus.features.conversations.schemas import ConversationDraft
from famulus.features.conversations.service import Conversations
from famulus.infra import (
    close_clients,
    get_database,
    get_openai_client,
    get_redis_client,
    init_db,
    unit_of_work,
)
from famulus.infra.http import http_session
from famulus.settings import get_settings
from tests.fake_model.fixture import FakeModel

pytestmark = pytest.mark.anyio

MARIA = (
    "INSERT INTO users (id, name, role, zone, preferences, created_at, updated_at) "
    "VALUES ('user_maria', 'Maria', 'owner', 'UTC', '{}', '2026-01-01', '2026-01-01')"
)


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FAMULUS_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


async def test_nothing_is_opened_before_it_is_used() -> None:
    # Others in this process may have used them.
    await close_clients()

    assert not any(client.is_open for client in (get_openai_client, get_redis_client, get_database, http_session))

    get_openai_client()

    assert not http_session.is_open
    await close_clients()


async def test_everybody_is_given_the_same_one_however_many_ask_at_once() -> None:
    with ThreadPoolExecutor(8) as threads:
        clients = list(threads.map(lambda _: get_openai_client(), range(64)))

    assert len({id(client) for client in clients}) == 1
    await close_clients()


async def test_what_was_closed_is_opened_anew() -> None:
    before = get_redis_client()
    await before.set_json("greeting", "hello", 60)
    await close_clients()

    after = get_redis_client()

    assert after is not before
    await after.ping()
    await close_clients()


async def test_the_services_work_without_a_server() -> None:
    init_db()
    async with unit_of_work() as session:
        await session.driver_sql(MARIA)
        await Conversations(session, "user_maria").start(ConversationDraft(title="Tea"))

    async with unit_of_work() as session:
        titles = [found.title for found, _ in await Conversations(session, "user_maria").page(after=None, limit=10)]

    assert titles == ["Tea"]
    await get_database().ping()
    await close_clients()


async def test_the_model_client_is_set_up_by_the_environment(
    fake_model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", fake_model.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-fake")
    get_settings.cache_clear()

    await get_openai_client().ping()
    vectors = await get_openai_client().embed(["tea", "coffee"], model="small")

    assert len(vectors) == 2
    await close_clients()
