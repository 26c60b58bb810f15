"""Events are found however their bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from famulus.infra.llm.sse import EventParser

STREAM = ': hello\r\n\r\ndata: {"é€😀": 1}\n\nevent: x\ndata:two\ndata: lines\r\rdata: [DONE]\r\n\r\n'.encode()
EVENTS = ['{"é€😀": 1}'.encode(), b"two\nlines", b"[DONE]"]


@pytest.mark.parametrize("cut", range(len(STREAM) + 1))
def test_one_cut_changes_nothing(cut: int) -> None:
    parser = EventParser()

    assert parser.feed(STREAM[:cut]) + parser.feed(STREAM[cut:]) == EVENTS


@given(st.lists(st.integers(0, len(STREAM))))
def test_many_cuts_change_nothing(cuts: list[int]) -> None:
    parser = EventParser()
    edges = [0, *sorted(cuts), len(STREAM)]

    blocks = [STREAM[start:end] for start, end in pairwise(edges)]

    assert [event for block in blocks for event in parser.feed(block)] == EVENTS


def test_the_last_event_may_lack_its_blank_line() -> None:
    parser = EventParser()

    assert parser.feed(b"data: one\n\ndata: two\ndata: thr") == [b"one"]
    assert parser.end() == [b"two"]


@pytest.mark.parametrize("block", [b"x", b"data: y\n", b"data:\n"], ids=["line", "lines", "empty lines"])
def test_what_is_too_long_is_refused_and_forgotten(block: bytes) -> None:
    parser = EventParser(limit_bytes=100)
    parser.feed(b"data: start\ndata: ")

    for _ in range(200):
        parser.feed(block)

    assert parser.overflowed
    assert parser.feed(b"data: late\n\n") == []
    assert parser.end() == []


def test_a_line_of_the_limit_is_taken() -> None:
    parser = EventParser(limit_bytes=100)

    events = [event for byte in b"data: " + b"x" * 94 + b"\n\n" for event in parser.feed(bytes([byte]))]

    assert events == [b"x" * 94]
    assert not parser.overflowed
