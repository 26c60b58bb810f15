"""What clients see of archives."""

from pydantic import BaseModel

from famulus.infra.archives import Arrival
from famulus.kit.schemas import View


class Fate(View):
    """What has become of everything of a kind."""

    imported: int
    known: int
    """Was there already, and stays as it is."""
    left_out: int
    """Has lost what it belonged to, or does not fit beside what is there."""


class Imported(BaseModel):
    """What an archive has brought."""

    data: dict[str, Fate]
    """By table."""

    @classmethod
    def of(cls, arrival: Arrival) -> "Imported":
        kinds = sorted(arrival.imported.keys() | arrival.known.keys() | arrival.left_out.keys())
        return cls(
            data={
                kind: Fate(imported=arrival.imported[kind], known=arrival.known[kind], left_out=arrival.left_out[kind])
                for kind in kinds
            }
        )
