"""What an archive has of usage: what was spent, to be read. It was spent here, and does not count anywhere else."""

from famulus.features.usage.tables import usage_counters, usage_entries, usage_plans
from famulus.infra.archives import Portion, Rows
from famulus.infra.database import Database

PORTIONS = (Portion(usage_entries, comes_back=False),)
STAYS = {
    usage_counters.name: "sums of the entries",
    usage_plans.name: "the operator's decision",
}


def usage_part(database: Database) -> Rows:
    """What was spent."""
    return Rows(database, PORTIONS)
