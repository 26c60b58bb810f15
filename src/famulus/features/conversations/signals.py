"""Cancellations on their way to the runs that are at work, in this process or in another."""

from collections.abc import Callable

from famulus.infra.relay import Relay

_CANCEL = "run.cancel"


class Cancellations:
    """Who to tell that a run is to stop."""

    def __init__(self, relay: Relay | None = None) -> None:
        self._listeners: dict[str, Callable[[], None]] = {}
        self._relay = relay or Relay()
        self._relay.hear(_CANCEL, self.stop_here)

    def listen(self, run_id: str, stop: Callable[[], None]) -> None:
        """Call `stop` when the run is to be cancelled."""
        self._listeners[run_id] = stop

    def forget(self, run_id: str) -> None:
        """The run is not at work here any more."""
        self._listeners.pop(run_id, None)

    def request(self, run_id: str) -> None:
        """Stop the run, wherever it is at work."""
        self._relay.announce(_CANCEL, run_id)

    @property
    def run_ids(self) -> list[str]:
        """The runs at work here."""
        return list(self._listeners)

    def stop_here(self, run_id: str) -> None:
        """Stop the run, if it is at work in this process."""
        if stop := self._listeners.get(run_id):
            stop()
