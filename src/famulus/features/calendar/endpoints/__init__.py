"""Calendars, their events, and what happens when, under `/api/v1`."""

from fastapi import APIRouter

from famulus.features.calendar.endpoints import calendars, events, exchange, occurrences, sources
from famulus.kit.problems import errors

router = APIRouter(prefix="/api/v1", responses=errors())
for part in (calendars, events, exchange, occurrences, sources):
    router.include_router(part.router)
