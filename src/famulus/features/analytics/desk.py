"""What the doors of this feature need from their process, and how they reach it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from famulus.infra.database import Database
from famulus.kit.facts import Tell
from famulus.kit.limits import SlidingLimit
from famulus.settings.counting import AnalyticsSettings


@dataclass(frozen=True, slots=True)
class AnalyticsDesk:
    """Where requests about what happened are dealt with."""

    database: Database
    settings: AnalyticsSettings
    tell: Tell
    limit: SlidingLimit


async def _desk(connection: HTTPConnection) -> AnalyticsDesk:
    # A coroutine, since the framework gives everything else a thread.
    desk: AnalyticsDesk = connection.app.state.analytics
    return desk


AnalyticsDeskDep = Annotated[AnalyticsDesk, Depends(_desk)]
