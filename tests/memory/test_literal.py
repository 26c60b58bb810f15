"""Whatever is asked is literal text: no sign in it is an operator of any search's or database's."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from famulus.infra.database import Database
from famulus.memory.retrieval import search
from famulus.memory.schemas import Filters, MemoryDraft, Search
from famulus.memory.service import Memories
from famulus.memory.words import term_of, terms_of, words_of

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
MARIA, BERTA, CLARA = "user_maria", "user_%", "user_*"
TEXTS = (
    "Green tea.", "Tea AND NOT coffee.", "NEAR(tea coffee, 3)", "100 % of it_", "owner : tea*", '"quoted" "tea',
    "'; DROP TABLE memories; --", "[a-z]?*", "\\%_\\", "NULL", "1 OR 1=1", "^tea", "{text}: tea", "東京に行く",
    "naïve café", "x' || 'y",
)  # fmt: skip
SIGNS = (
    '"', "'", "*", "%", "_", "?", "[", "]", "^", ":", ";", "--", "(", ")", "NEAR(", "AND", "OR", "NOT", "\\", "\0", "{",
    "}", "$1", "||", "tea", "coffee", "te", "ea", "owner", "text:", "drop", "near", "1", "東京", "cafe", "user_%",
)  # fmt: skip
QUERIES = st.one_of(
    st.lists(st.sampled_from(SIGNS), max_size=8).map(" ".join), st.text(max_size=30), st.sampled_from(TEXTS)
)
at_once = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
async def known(database: Database) -> Database:
    for user_id in (MARIA, BERTA, CLARA):
        names = {"speaker": None} if user_id != CLARA else {}
        drafts = [
            MemoryDraft.model_validate({"text": text, "session": text, "speaker": text} | names) for text in TEXTS
        ]
        await database.write(lambda session, u=user_id, d=drafts: Memories(session, u).remember(d))  # type: ignore[misc]
    return database


@given(query=QUERIES, user_id=st.sampled_from([MARIA, BERTA]))
@at_once
async def test_exactly_what_has_one_of_the_words_is_found_of_ones_own(
    known: Database, query: str, user_id: str
) -> None:
    wanted = Search(query=query, k=50)
    found = await known.read(lambda session: search(session, user_id, wanted, at=NOW))

    sought = {term_of(word) for word in words_of(wanted.query)}
    having = [text for text in TEXTS if not sought.isdisjoint(terms_of(text))]
    assert {hit.memory.user_id for hit in found.data} <= {user_id}
    assert sorted(hit.memory.text for hit in found.data) == sorted(having if wanted.query.strip() else TEXTS)


@given(name=st.one_of(st.sampled_from((*TEXTS, *SIGNS)), st.text(min_size=1, max_size=10)))
@at_once
async def test_a_filter_lets_through_exactly_what_has_its_name(known: Database, name: str) -> None:
    filters = Filters(session=name, speaker=name)
    found = await known.read(lambda session: search(session, CLARA, Search(k=50, filters=filters), at=NOW))

    assert [hit.memory.text for hit in found.data] == [text for text in TEXTS if text == filters.session]
