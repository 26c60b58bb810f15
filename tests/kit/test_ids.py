"""Ids increase, and are what the TypeID specification says they are."""

import threading
import time
import uuid

import pytest

from famulus.kit.ids import is_id, new_id

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def decoded(identifier: str) -> uuid.UUID:
    """The UUID in an id, as the specification decodes it."""
    number = 0
    for letter in identifier.rpartition("_")[2]:
        number = number << 5 | _ALPHABET.index(letter)
    return uuid.UUID(int=number)


def test_an_id_is_a_uuid_of_version_7_with_the_time_of_its_making() -> None:
    before = time.time_ns() // 1_000_000
    found = decoded(new_id("run"))
    after = time.time_ns() // 1_000_000

    assert (found.version, found.variant) == (7, uuid.RFC_4122)
    # Many ids of one millisecond borrow from the next.
    assert before <= found.int >> 80 <= after + 10


def test_ids_increase_however_fast_they_are_made() -> None:
    made = [new_id("msg") for _ in range(20_000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_ids_of_many_threads_are_all_different() -> None:
    made: list[list[str]] = [[] for _ in range(8)]

    def make(mine: list[str]) -> None:
        mine.extend(new_id("job") for _ in range(2_000))

    threads = [threading.Thread(target=make, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(mine == sorted(mine) for mine in made)
    assert len({one for mine in made for one in mine}) == 16_000


def test_a_clock_that_is_set_back_does_not_make_ids_go_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first = new_id("run")
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)

    assert new_id("run") > first


@pytest.mark.parametrize(
    "text",
    [
        "",
        "run",
        "run_",
        "run_01h455vb4pex5vsknk084sn02",
        "run_01h455vb4pex5vsknk084sn02qq",
        "run_81h455vb4pex5vsknk084sn02q",
        "run_01h455vb4pex5vsknk084sn02u",
        "RUN_01h455vb4pex5vsknk084sn02q",
        "run_01H455VB4PEX5VSKNK084SN02Q",
        "msg_01h455vb4pex5vsknk084sn02q",
        "_01h455vb4pex5vsknk084sn02q",
        "run_01h455vb4pex5vsknk084sn02q\n",
    ],
)
def test_what_is_no_id_of_a_run(text: str) -> None:
    assert not is_id(text, "run")


def test_what_is_one() -> None:
    assert is_id("run_01h455vb4pex5vsknk084sn02q", "run")
    assert is_id(new_id("thread"), "thread")
