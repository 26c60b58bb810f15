"""Whatever a text says, its owner finds it by any of its words and by their beginnings, and nobody else does."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from famulus.features.conversations.tables import messages
from famulus.features.search import postings
from famulus.features.search.queries import parsed
from famulus.features.search.snippets import marks_in, snippet_of
from famulus.features.search.words import composed, folded, marks_of, pieces, read, weights_of, written
from famulus.kit.text import storable
from tests.databases import a_database
from tests.features.search.place import NOW, OTTO, Place, add_people

T = TypeVar("T")
WORDS = ["tea", "team", "boiler", "OR", "AND", "NEAR", "c++", "naïve", "x10^4", "日本"]
TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="ab c+*%_\\\"'.-(){}^$|?", max_size=40),
    st.text(alphabet="東京都あアㄱ한글กข é́ÅßİΣς👩‍💻🇩🇪ﬁ", max_size=30),
    st.lists(st.sampled_from(WORDS)).map(" ".join),
).map(storable)  # fmt: skip


class Lasting:
    """A place that outlives one example; each example has its own people's things to itself."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._database = a_database(url)
        self.place = Place(self.do(self._database.__aenter__()))
        self.do(self.place.database.write(add_people))
        self.talk = self.do(self.place.conversation(source="default"))

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def close(self) -> None:
        self.do(self._database.__aexit__(None, None, None))
        self._loop.close()

    @contextmanager
    def said(self, text: str) -> Iterator[str]:
        (message,) = self.do(self.place.say(self.talk, text))
        try:
            yield message
        finally:
            self.do(self.place.remove(messages, message))


@pytest.fixture
def lasting(database_url: str, tmp_path: Path) -> Iterator[Lasting]:
    lasting = Lasting(database_url)
    yield lasting
    lasting.close()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS, data=st.data())
def test_any_text_is_found_by_its_words_and_beginnings_by_its_owner_alone(
    lasting: Lasting, text: str, data: st.DataObject
) -> None:
    words = pieces(folded(composed(text)))
    with lasting.said(text) as message:
        if words:
            word = data.draw(st.sampled_from(words))
            beginning = word[: data.draw(st.integers(1, len(word)))]
            # Between quotation marks there is none.
            typed = data.draw(st.sampled_from([word, beginning, word if word == '"' else f'"{word}"']))
            if parsed(typed).words:
                assert lasting.do(lasting.place.found(typed)) == [message], typed
                assert lasting.do(lasting.place.found(typed, of=OTTO)) == [], typed
    if words and parsed(words[0]).words:
        assert lasting.do(lasting.place.found(words[0])) == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=TEXTS, after=TEXTS)
def test_what_is_changed_is_found_by_what_it_says_now(lasting: Lasting, before: str, after: str) -> None:
    gone = set(pieces(folded(composed(before)))) - set(pieces(folded(composed(after))))
    with lasting.said(before) as message:
        lasting.do(lasting.place.search("anything"))
        lasting.do(lasting.place.change(messages, message, text=after))
        for word in sorted(gone)[:3]:
            if (query := parsed(f'"{word}"')).words and not query.admits(folded(composed(after))):
                assert lasting.do(lasting.place.found(f'"{word}"')) == [], word
        for word in pieces(folded(composed(after)))[:3]:
            assert lasting.do(lasting.place.found(f'"{word}"')) == [message] or word == '"', word


@given(title=TEXTS, text=TEXTS)
def test_what_is_kept_of_a_things_words_is_what_was_written(title: str, text: str) -> None:
    weights = weights_of(title, text) | marks_of("message", NOW, "thread_1")

    assert read(written(weights)) == weights
    assert all(1 <= weight <= postings.MOST_WEIGHT for weight in weights.values())


@given(st.lists(st.dictionaries(st.integers(0, postings.BLOCK - 1), st.integers(0, 127), min_size=1), max_size=8))
def test_uses_are_what_was_last_said_of_them(many: list[dict[int, int]]) -> None:
    uses, expected = b"", dict[int, int]()
    for weights in many:
        uses = postings.changed(uses, weights)
        expected |= weights

    left = {place: weight for place, weight in expected.items() if weight}
    assert uses == postings.changed(b"", left) if left else uses == b""


@given(text=TEXTS, typed=TEXTS.filter(lambda typed: bool(parsed(typed).words)))
def test_marks_stand_in_order_within_their_text(text: str, typed: str) -> None:
    marked = parsed(typed).marked
    snippet = snippet_of(text * 20, marked)

    for shown, marks in ((snippet.text, snippet.marks), (text, marks_in(text, marked))):
        ends = [0, *(end for _, end in marks)]
        assert all(before <= begin < end <= len(shown) for before, (begin, end) in zip(ends, marks, strict=False))


@given(st.text(max_size=400))
def test_whatever_is_typed_is_understood(typed: str) -> None:
    query = parsed(storable(typed))

    query.admits("some text")
    assert len(query.words) <= 24
