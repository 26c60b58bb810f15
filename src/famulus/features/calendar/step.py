"""Keeping two calendars in step: what each side did since they were last alike, and what follows from it.

An event that was changed on both sides is as the server has it; one that was changed on one side and deleted on the
other stays. So nothing that somebody wrote is lost to a deletion, and two servers on one calendar come to agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from famulus.features.calendar.records import Event, RemoteEvent
from famulus.features.calendar.writing import fingerprint


@dataclass(frozen=True, slots=True)
class Step:
    """What has to be done, by UID or by place."""

    fetch: list[str] = field(default_factory=list)
    """Places of events to be read."""
    put: list[str] = field(default_factory=list)
    """Events to be written there."""
    delete_there: list[str] = field(default_factory=list)
    delete_here: list[str] = field(default_factory=list)
    forget: list[str] = field(default_factory=list)
    """Events that are gone on both sides."""


def next_step(here: Mapping[str, list[Event]], there: Mapping[str, str], known: Mapping[str, RemoteEvent]) -> Step:
    """What follows from the events here by UID, the versions there by place, and what both were when alike."""
    step = Step()
    places = {one.href for one in known.values()}
    step.fetch.extend(href for href in there if href not in places)
    for uid, one in known.items():
        is_here, is_there = uid in here, one.href in there
        changed_here = is_here and fingerprint(here[uid]) != one.fingerprint
        if is_there and there[one.href] != one.etag:
            step.fetch.append(one.href)
        elif is_there and not is_here:
            step.delete_there.append(uid)
        elif changed_here:
            step.put.append(uid)
        elif is_here and not is_there:
            step.delete_here.append(uid)
        elif not is_here:
            step.forget.append(uid)
    step.put.extend(uid for uid in here if uid not in known)
    return step
