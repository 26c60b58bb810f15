"""One instance in a process, made at first use, closed once."""

import os
import threading

import pytest

from famulus.kit.lazy import Lazy


class Resource:
    made = 0

    def __init__(self) -> None:
        Resource.made += 1
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1


@pytest.fixture
def resource() -> Lazy[Resource]:
    Resource.made = 0
    return Lazy(Resource, Resource.close)


def test_nothing_is_made_before_it_is_used(resource: Lazy[Resource]) -> None:
    assert not resource.is_open
    assert Resource.made == 0

    assert resource() is resource()
    assert Resource.made == 1


def test_threads_that_come_at_once_share_one(resource: Lazy[Resource]) -> None:
    found: list[Resource] = []
    barrier = threading.Barrier(16)

    def use() -> None:
        barrier.wait()
        found.append(resource())

    threads = [threading.Thread(target=use) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(map(id, found))) == 1
    assert Resource.made == 1


@pytest.mark.anyio
async def test_it_is_closed_once_and_made_anew(resource: Lazy[Resource]) -> None:
    first = resource()

    await resource.close()
    await resource.close()

    assert first.closed == 1
    assert resource() is not first


@pytest.mark.anyio
async def test_what_was_never_used_is_not_closed(resource: Lazy[Resource]) -> None:
    await resource.close()

    assert Resource.made == 0


def test_a_stand_in_is_handed_out_for_a_while(resource: Lazy[Resource]) -> None:
    real, stand_in = resource(), Resource()

    with resource.replaced_by(stand_in):
        assert resource() is stand_in

    assert resource() is real


@pytest.mark.anyio
async def test_another_process_makes_its_own(resource: Lazy[Resource], monkeypatch: pytest.MonkeyPatch) -> None:
    of_the_parent = resource()
    pid = os.getpid()

    # A real fork of a test with threads and an event loop is what this class protects others from.
    monkeypatch.setattr(os, "getpid", lambda: pid + 1)
    of_the_child = resource()
    monkeypatch.setattr(os, "getpid", lambda: pid)
    await resource.close()

    assert of_the_child is not of_the_parent
    assert of_the_child.closed == of_the_parent.closed == 0
