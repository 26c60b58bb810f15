"""Word between the processes of one Famulus: hints that save others a look into the database, and may all be lost.

Two kinds of word pass. An announcement is for everybody, and means: look now. A showing goes to those who watch its
channel, and is what they would find if they looked. Whoever relies on either looks for himself as well, often while
`is_live` is false, and seldom while it is true.
"""

from collections import defaultdict
from collections.abc import Callable

Take = Callable[[], list[tuple[str, bytes]]]
"""Gives what is to be shown next: channels, and one message for each; nothing when there is no more."""


class Relay:
    """The side for a process that knows of no others: announcements are heard where they are made."""

    def __init__(self) -> None:
        self._hearers: dict[str, list[Callable[[str], None]]] = defaultdict(list)

    @property
    def is_live(self) -> bool:
        """Whether what is announced and shown elsewhere is known here within moments."""
        return False

    @property
    def takes(self) -> bool:
        """Whether there is a point in showing anything."""
        return False

    def start(self) -> None:
        """Begin to carry word."""

    async def stop(self) -> None:
        """Carry no more."""

    async def ping(self) -> None:
        """Raise `Unavailable` when word cannot be carried."""

    def hear(self, topic: str, heard: Callable[[str], None]) -> None:
        """Call `heard` with the subject of every announcement of this topic."""
        self._hearers[topic].append(heard)

    def announce(self, topic: str, subject: str = "") -> None:
        """Tell everybody, here at once and elsewhere soon."""
        for heard in self._hearers.get(topic, ()):
            heard(subject)

    def show_from(self, take: Take) -> None:
        """Ask `take` for what is to be shown, whenever there is room to carry it."""

    def show_soon(self) -> None:
        """There is something to take."""

    def watch(self, channel: str, seen: Callable[[bytes], None]) -> None:
        """Call `seen` with what is shown in a channel elsewhere, and with the last of what was."""

    def unwatch(self, channel: str) -> None:
        """Nobody here watches the channel any more."""
