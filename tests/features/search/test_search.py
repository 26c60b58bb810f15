"""Search: everything of one's own that has the words, ranked, typed, marked, and nothing of anybody else's."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from famulus.features.conversations.errors import ConversationNotFound
from famulus.features.conversations.tables import conversations, messages
from famulus.features.files.tables import file_passages, files
from famulus.features.search.errors import InvalidCursor, NothingToFind
from famulus.features.search.repository import erase_search
from famulus.features.search.schemas import HitPage, HitView
from famulus.features.search.tables import search_owners, search_things, search_words
from famulus.infra.database import Session
from famulus.infra.findable import changes
from famulus.kit.errors import Unavailable
from tests.features.search.place import MARIA, NOW, OTTO, Place

pytestmark = pytest.mark.anyio


async def _execute(session: Session, statement: sa.Executable) -> None:
    await session.execute(statement)


async def _both(one: Awaitable[HitPage], other: Awaitable[HitPage]) -> tuple[HitPage, HitPage]:
    return await asyncio.gather(one, other)


def marked(hit: HitView) -> list[str]:
    return [hit.snippet[first:last] for first, last in hit.marks]


async def test_one_query_finds_things_of_every_kind(place: Place) -> None:
    talk = await place.conversation("The boiler")
    await place.say(talk, "The boiler makes a noise.")
    await place.remember("The boiler is from 1998.")
    await place.file("boiler.pdf", "Bleed the boiler once a year.")
    await place.goal("A new boiler", "Compare boiler prices")
    await place.event("Boiler inspection")
    await place.reminder("Call about the boiler")
    await place.notification("The boiler is paid")

    page = await place.search("boiler")

    assert sorted(hit.kind for hit in page.data) == sorted(
        ["message", "conversation", "memory", "file", "passage", "goal", "step", "event", "reminder", "notification"]
    )
    assert (page.match, page.semantic, page.degraded, page.has_more) == ("all", [], [], False)


async def test_a_hit_says_what_it_is_where_it_is_and_why(place: Place) -> None:
    talk = await place.conversation("Heating")
    (message,) = await place.say(talk, "Before.\nThe Boiler, and the boilers of others.")

    (hit,) = (await place.search("boiler")).data

    assert (hit.id, hit.kind, hit.conversation_id, hit.part_of) == (message, "message", talk, None)
    assert (hit.title, hit.snippet) == ("Heating", "Before. The Boiler, and the boilers of others.")
    assert marked(hit) == ["Boiler", "boilers"]
    assert hit.at == NOW + timedelta(minutes=1)


async def test_nobody_finds_anything_of_somebody_elses(place: Place) -> None:
    await place.say(await place.conversation("Secret talk"), "The secret is a boiler.")
    await place.file("secret.txt", "A secret passage.")
    await place.goal("Secret goal", "Secret step")
    await place.event("Secret event")
    await place.remember("A secret memory.")

    assert len(await place.found("secret")) == 8
    assert await place.found("secret", of=OTTO) == []


async def test_what_is_rare_tells_more_and_a_title_more_than_a_text(place: Place) -> None:
    talk = await place.conversation(source="default")
    said = await place.say(talk, "tea today", "tea tomorrow", "tea and the boiler", "boiler")
    goal = await place.goal("Boiler")

    assert (await place.found("boiler"))[0] == goal
    assert await place.found("tea boiler") == [said[2]]
    page = await place.search("boiler tea nonsense")
    assert (page.data[0].id, page.match) == (said[2], "any")


async def test_of_the_same_the_newest_comes_first(place: Place) -> None:
    said = await place.say(await place.conversation(source="default"), *["the boiler hums"] * 3)

    assert await place.found("boiler") == said[::-1]


async def test_words_are_found_without_case_accents_and_ends(place: Place) -> None:
    talk = await place.conversation(source="default")
    (message,) = await place.say(talk, "Das Café in der STRASSE hat Öfen, und 東京都の天気 ﬁne")

    for query in ("cafe", "café", "Straße", "ofen", "OFE", "st", "d", "東京", "京", "天気", "都の", "fine", "ﬁn"):
        assert await place.found(query) == [message], query
    for query in ("afe", "京東", "trasse"):
        assert await place.found(query) == [], query


async def test_a_word_is_found_in_its_other_forms(place: Place) -> None:
    talk = await place.conversation(source="default")
    texts = ("We had a Meeting.", "I have studied it.", "Two stories of it.", "He runs well.", "A box.")
    said = await place.say(talk, *texts)
    await place.say(talk, "metal, students, stored, ruins and a boxer")
    forms = ("Meeting", "studied", "stories", "runs", "box")

    for number, typed in enumerate(("meetings", "studies", "story", "running", "boxes")):
        (hit,) = (await place.search(typed)).data
        assert (hit.id, marked(hit)) == (said[number], [forms[number]])
        assert await place.found(f'"{typed}"') == []
    assert await place.found("meet") == await place.found("MEETS") == [said[0]]


async def test_what_was_typed_comes_before_its_other_forms_and_these_before_what_only_begins_so(place: Place) -> None:
    talk = await place.conversation(source="default")
    said = await place.say(talk, "one meeting there", "one meets there", "one meetinghouse there")

    assert await place.found("meeting") == said


async def test_a_phrase_is_found_where_its_words_are_together(place: Place) -> None:
    talk = await place.conversation(source="default")
    said = await place.say(talk, "the old green boiler", "green, boiler", "a boiler that is green", "greens boilers")

    assert set(await place.found('"green boiler"')) == set(said[:2])
    assert set(await place.found('the "Green boiler')) == {said[0]}


@pytest.mark.parametrize(
    "text",
    ["c++", "%_\\", "a*", "x10^4", "C#", "name@example.com", "NEAR(a b)",
        "🦆", "👩‍👩‍👧", "-", "?", "'", "\\", "%", "_", "\ufffd"],
)  # fmt: skip
async def test_any_sign_is_literal(place: Place, text: str) -> None:
    talk = await place.conversation(source="default")
    (message, _) = await place.say(talk, f"this is {text} indeed", "c a x10 name example duck")

    assert await place.found(text) == [message]
    assert await place.found(f'"{text}"') == [message]


@pytest.mark.parametrize(
    "query",
    ['"a* OR "' * 120, "a" * 1_000, "(" * 1_000, "a " * 500, '"' * 999 + "x", "\\" * 1_000, "日" * 1_000, "a*" * 500,
        "y", "i", "ii"],
)  # fmt: skip
async def test_no_query_is_too_odd(place: Place, query: str) -> None:
    await place.say(await place.conversation(source="default"), "a harmless message or two")

    await place.search(query)


@pytest.mark.parametrize("query", [" ", "\t\n", "\0", "\u200d", "\u0301"])
async def test_nothing_that_can_be_seen_finds_nothing(place: Place, query: str) -> None:
    with pytest.raises(NothingToFind):
        await place.search(query)


async def test_only_what_is_asked_for_is_found(place: Place) -> None:
    talk, other = await place.conversation("tea"), await place.conversation(source="default")
    early, late = await place.say(talk, "tea") + await place.say(other, "tea", at=NOW + timedelta(days=2))
    event = await place.event("tea", at=NOW + timedelta(days=9))

    assert await place.found("tea", kinds=("message",)) == [late, early]
    assert await place.found("tea", kinds=("event", "goal")) == [event]
    assert set(await place.found("tea", conversation_id=talk)) == {talk, early}
    for nobodys in ("thread_of_nobody", await place.conversation(of=OTTO)):
        with pytest.raises(ConversationNotFound):
            await place.found("tea", conversation_id=nobodys)
    assert await place.found("tea", since=NOW + timedelta(days=3)) == [event]
    assert await place.found("tea", since=NOW + timedelta(hours=1), until=NOW + timedelta(days=3)) == [late]
    assert await place.found("tea", until=NOW + timedelta(seconds=90), kinds=("message",)) == [early]


async def test_pages_follow_each_other_whatever_is_said_meanwhile(place: Place) -> None:
    talk = await place.conversation(source="default")
    said = await place.say(talk, *(f"tea number {number}" for number in range(100)))
    pages = [await place.search("tea", limit=30)]

    while pages[-1].has_more:
        await place.say(talk, "more tea")
        pages.append(await place.search("tea", limit=30, after=pages[-1].next))

    assert [len(page.data) for page in pages] == [30, 30, 30, 10]
    assert sorted(hit.id for page in pages for hit in page.data) == sorted(said)


@pytest.mark.parametrize("after", ["x", "1", "1.2.3", "-1.0", "99999999999.1", "msg_01"])
async def test_a_page_cannot_begin_anywhere(place: Place, after: str) -> None:
    with pytest.raises(InvalidCursor):
        await place.search("tea", after=after)


async def test_what_is_edited_is_found_by_its_new_words_alone(place: Place) -> None:
    talk = await place.conversation("Old title")
    (message,) = await place.say(talk, "an old boiler and a cat")
    assert await place.found("boiler") == [message]

    await place.change(messages, message, text="a new stove and a cat")
    await place.change(conversations, talk, title="Fresh")

    assert await place.found("boiler") == []
    assert await place.found("old") == []
    assert (await place.found("stove"), await place.found("cat"), await place.found("fresh")) == (
        [message], [message], [talk],
    )  # fmt: skip


async def test_what_was_superseded_is_not_found(place: Place) -> None:
    (message,) = await place.say(await place.conversation(source="default"), "a boiler")
    assert await place.found("boiler") == [message]

    await place.change(messages, message, superseded_by="run_1")

    assert await place.found("boiler") == []


async def test_a_deleted_conversation_leaves_nothing_in_the_index(place: Place) -> None:
    talk = await place.conversation("Boilers")
    await place.say(talk, "the boiler", "a stove")
    assert len(await place.found("boiler")) == 2

    await place.remove(conversations, talk)

    assert await place.found("boiler") == []
    assert await place.rows(sa.select(search_words)) == []
    assert await place.rows(sa.select(search_things)) == []
    assert await place.rows(sa.select(search_owners.c.things)) == [(0,)]


async def test_what_is_deleted_is_not_found_before_the_index_knows(place: Place) -> None:
    file = await place.file("boiler.txt", "a boiler")
    assert len(await place.found("boiler")) == 2

    await place.remove(files, file)
    # The notes of it are lost, as if nobody had taken them in yet.
    await place.database.write(lambda session: _execute(session, sa.delete(changes)))

    assert await place.found("boiler") == []


async def test_an_erased_person_leaves_nothing(place: Place) -> None:
    for person in (MARIA, OTTO):
        await place.say(await place.conversation("Boilers", of=person), "the boiler", "the boiler again", of=person)
    await place.found("boiler")
    await place.found("boiler", of=OTTO)

    await place.database.write(lambda session: erase_search(session, MARIA))

    assert await place.rows(sa.select(search_owners.c.user_id)) == [(OTTO,)]
    (owner,) = (await place.rows(sa.select(search_owners.c.owner)))[0]
    for table in (search_words, search_things):
        assert {row[0] for row in await place.rows(sa.select(table.c.owner))} == {owner}
    assert len(await place.found("boiler", of=OTTO)) == 3


async def test_a_file_is_shown_by_the_name_that_it_has_now(place: Place) -> None:
    file = await place.file("before.txt", "a boiler")
    await place.found("boiler")

    await place.change(files, file, name="after.txt")

    (hit,) = (await place.search("boiler")).data
    assert (hit.kind, hit.title, hit.part_of) == ("passage", "after.txt", file)
    assert await place.found("after") == [file]


async def test_a_passage_is_found_whether_or_not_its_file_is_read_to_its_end(place: Place) -> None:
    await place.file("boiler.txt", "Bleed it once a year.", status="indexing")
    assert len(await place.found("bleed")) == 1

    await place.add(file_passages, (await passage_after(place)) | {"text": "Twice in winter."})

    assert len(await place.found("winter")) == 1


async def passage_after(place: Place) -> dict[str, object]:
    """Another passage of the only file."""
    ((content,),) = await place.rows(sa.select(file_passages.c.content_id))
    here = {"position": 1, "unit": "line", "first": 1, "last": 1, "overlap": 0}
    return {"user_id": MARIA, "content_id": content, **here}


async def test_without_the_memory_the_rest_is_found(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    (message,) = await place.say(await place.conversation(source="default"), "a boiler")

    async def fails(*_: object) -> None:
        raise Unavailable("The memory is down.")

    monkeypatch.setattr(place.keeper, "search", fails)
    page = await place.search("boiler")

    assert ([hit.id for hit in page.data], page.degraded) == ([message], ["memory"])


async def test_two_take_the_same_changes_in_once(place: Place) -> None:
    talk = await place.conversation(source="default")
    said = await place.say(talk, *(f"tea {number}" for number in range(60)))
    others = Place(place.database)

    first, second = await _both(place.search("tea", limit=100), others.search("tea", limit=100))

    assert {hit.id for hit in first.data} | {hit.id for hit in second.data} <= set(said)
    assert sorted(await place.found("tea", limit=100)) == sorted(said)
    assert await place.rows(sa.select(search_owners.c.things)) == [(60,)]


async def test_everything_can_be_taken_in_anew(place: Place) -> None:
    (message,) = await place.say(await place.conversation(source="default"), "a boiler")
    await place.found("boiler")
    for table in (search_words, search_things, search_owners):
        await place.database.write(lambda session, table=table: _execute(session, sa.delete(table)))  # type: ignore[misc]
    assert await place.found("boiler") == []

    await place.indexer.note_everything()

    assert await place.found("boiler") == [message]


async def test_what_is_made_in_another_way_is_made_anew(place: Place) -> None:
    talk = await place.conversation(source="default")
    said = await place.say(talk, *(f"the boiler of house {number}" for number in range(9)))
    assert len(await place.found("boiler")) == 9
    await place.database.write(lambda session: _execute(session, sa.update(search_owners).values(edition=-1)))
    await place.say(talk, "another boiler")

    meanwhile = await place.search("boiler")
    await place.indexer.renew_outdated()

    assert (meanwhile.data, meanwhile.degraded) == ([], ["index"])
    page = await place.search("boiler")
    assert (len(page.data), page.degraded) == (10, [])
    assert {hit.id for hit in page.data} >= set(said)


async def test_what_is_packed_is_found_like_what_is_not(place: Place) -> None:
    talk = await place.conversation("Tea time")
    await place.say(talk, "Tea, teas and teapots", "t 東京都 c++", "a teapot", at=NOW - timedelta(days=9))
    await place.say(talk, "the pot", "pots", "café")
    await place.goal("Buy tea", "Find the teapot")
    await place.search("tea")
    answers = await _answers(place, talk)

    await place.reminder("quiz")
    await Place(place.database, most_loose=0).search("quiz")

    assert await place.rows(sa.select(search_owners.c.loose)) == [(0,)]
    assert await _answers(place, talk) == answers
    assert all(answers)


async def _answers(place: Place, talk: str) -> list[list[tuple[str, float]]]:
    pages = [
        await place.search(query)
        for query in ("tea", "te", "t", "teapots", "buying", "東京", "c++", "cafe", '"the pot"', "po")
    ]
    pages += [
        await place.search("tea", kinds=("goal", "step")),
        await place.search("tea", conversation_id=talk),
        await place.search("tea", until=NOW - timedelta(days=3)),
    ]
    return [[(hit.id, hit.score) for hit in page.data] for page in pages]
