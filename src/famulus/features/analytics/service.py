"""What may be done with the counting of one person, within one transaction."""

from collections.abc import Mapping
from dataclasses import replace

from famulus.features.analytics.records import Standing
from famulus.features.analytics.repository import PersonRepository
from famulus.infra.database import Session
from famulus.kit.clock import Clock, utc_now
from famulus.kit.facts import Value


class Counting:
    """How one person stands to being counted."""

    def __init__(self, session: Session, user_id: str, *, now: Clock = utc_now) -> None:
        self._now = now
        self._repository = PersonRepository(session, user_id)

    async def standing(self) -> Standing:
        """Whether they are left out, and what is known of them."""
        return await self._repository.standing()

    async def opt(self, *, out: bool) -> Standing:
        """Leave them out from now on, and forget what was noted of them; or count them from now on."""
        await self._repository.hold()
        standing = await self._repository.standing()
        if out:
            await self._repository.forget()
            standing = Standing(opted_out=True)
        else:
            standing = replace(standing, opted_out=False)
        await self._repository.keep(standing, at=self._now())
        return standing

    async def identify(self, traits: Mapping[str, Value]) -> Standing:
        """Say something about them; what was said before stays, unless it is said anew. Of nobody who is left out."""
        await self._repository.hold()
        standing = await self._repository.standing()
        if not standing.opted_out:
            standing = replace(standing, traits={**standing.traits, **traits})
            await self._repository.keep(standing, at=self._now())
        return standing


async def erase_analytics(session: Session, user_id: str) -> None:
    """Remove what was noted of a person whose account is removed."""
    await PersonRepository(session, user_id).erase()
