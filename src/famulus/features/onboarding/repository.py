"""The SQL of onboarding: one row for each person."""

from dataclasses import asdict

import sqlalchemy as sa

from famulus.features.onboarding.records import Onboarding
from famulus.features.onboarding.tables import onboardings
from famulus.infra.database import Session


class OnboardingRepository:
    """How far one person is."""

    def __init__(self, session: Session, user_id: str) -> None:
        self._session = session
        self._mine = onboardings.c.user_id == user_id

    async def find(self) -> Onboarding | None:
        row = (await self._session.execute(sa.select(onboardings).where(self._mine))).one_or_none()
        return Onboarding(**row._asdict()) if row else None

    async def put(self, onboarding: Onboarding) -> None:
        """Remember this, and nothing of what was before."""
        await self._session.execute(sa.delete(onboardings).where(self._mine))
        await self._session.execute(sa.insert(onboardings), asdict(onboarding))


async def erase_onboarding(session: Session, user_id: str) -> None:
    """Remove what is kept of a person whose account is removed."""
    await session.execute(sa.delete(onboardings).where(onboardings.c.user_id == user_id))
