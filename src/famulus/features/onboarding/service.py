"""What may be done with the first questions, within one unit of work."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson

from famulus.features.accounts.unit import Unit
from famulus.features.accounts.users import Users
from famulus.features.onboarding.errors import ModelUnknown, StepDone, StepNotReached
from famulus.features.onboarding.records import Onboarding
from famulus.features.onboarding.repository import OnboardingRepository
from famulus.features.onboarding.schemas import Answer, ChosenModel, FirstMemories, FirstReminder, Wishes
from famulus.features.onboarding.states import Outcome, State, Step, after, is_behind
from famulus.features.reminders.records import About
from famulus.features.reminders.schemas import Once, ReminderDraft
from famulus.features.reminders.service import Reminders
from famulus.memory.client import Errands, MemoryDraft, Remembering

SESSION = "onboarding"
"""What the memories are remembered out of, and what the reminder is about."""
_PREFERENCES = ("profession", "response_style", "custom_instructions")


class FirstSteps:
    """How far one person is, and what their answers become, within one transaction."""

    def __init__(self, unit: Unit, user_id: str, *, errands: Errands, reminders: Reminders) -> None:
        self._unit = unit
        self._user_id = user_id
        self._errands = errands
        self._reminders = reminders
        self._repository = OnboardingRepository(unit.session, user_id)

    async def find(self) -> Onboarding:
        """Where somebody is; at the beginning where nothing is known."""
        now = self._unit.now()
        return await self._repository.find() or Onboarding(self._user_id, "initial", {}, {}, False, now, now)

    async def begin(self) -> Onboarding:
        """Ask the first question; whoever has begun stays where they are."""
        found = await self._held()
        if found.state != "initial":
            return found
        return await self._put(replace(found, state=after("initial"), dismissed=False))

    async def dismiss(self) -> Onboarding:
        """Ask no more, unless they come back by themselves."""
        return await self._put(replace(await self._held(), dismissed=True))

    async def answer(self, step: Step, answer: Answer, *, models: Sequence[str] = ()) -> Onboarding:
        """Carry an answer out, once: the same one again changes nothing, and another one is refused."""
        found = await self._held()
        said = _digest(answer)
        if is_behind(step, found.state) and found.steps[step].get("digest") == said:
            return found
        self._check_turn(found, step)
        match answer:
            case Wishes():
                changes = await self._take_wishes(answer)
            case ChosenModel():
                if answer.model not in models:
                    raise ModelUnknown("There is no such model.", models=list(models))
                changes = await self._set_account({"selected_model": answer.model})
            case FirstMemories():
                changes = await self._remember(answer)
            case FirstReminder():
                draft = ReminderDraft(title=answer.title, schedule=Once(at=answer.at))
                await self._reminders.schedule(draft, about=self._about)
                changes = {}
        return await self._put(_taken(found, step, "answered", changes, said))

    async def skip(self, step: Step) -> Onboarding:
        """Leave a question out; one that was left out before, or answered, stays what it is."""
        found = await self._held()
        if is_behind(step, found.state):
            return found
        self._check_turn(found, step)
        return await self._put(_taken(found, step, "skipped", {}, ""))

    async def reset(self) -> Onboarding:
        """Begin anew, and take back what the answers have made: nothing that was changed since, and nothing else."""
        found = await self._held()
        user = await Users(self._unit).find(self._user_id)
        account = {
            name: was["before"]
            for name, was in found.changes.items()
            if name not in _PREFERENCES and getattr(user, name) == was["after"]
        }
        wishes = {
            name: was["before"]
            for name, was in found.changes.items()
            if name in _PREFERENCES and user.preferences.get(name) == was["after"]
        }
        await Users(self._unit).change_profile(self._user_id, account)
        await Users(self._unit).change_preferences(self._user_id, wishes)
        if "memories" in found.steps:
            await self._errands.forget_session(self._unit.session, self._user_id, SESSION)
        await self._reminders.delete_about(self._about)
        return await self._put(replace(found, state="initial", steps={}, changes={}, dismissed=False))

    async def _take_wishes(self, wishes: Wishes) -> dict[str, dict[str, Any]]:
        said = wishes.model_dump(exclude_none=True)
        changed = await self._set_account({name: said[name] for name in ("name", "zone") if name in said})
        user = await Users(self._unit).find(self._user_id)
        fresh = {name: said[name] for name in _PREFERENCES if name in said}
        before = {name: user.preferences.get(name) or _nothing(name) for name in fresh}
        await Users(self._unit).change_preferences(self._user_id, fresh)
        return changed | _from_to(before, fresh)

    async def _set_account(self, changes: dict[str, Any]) -> dict[str, dict[str, Any]]:
        user = await Users(self._unit).find(self._user_id)
        before = {name: getattr(user, name) for name in changes}
        await Users(self._unit).change_profile(self._user_id, changes)
        return _from_to(before, changes)

    async def _remember(self, answer: FirstMemories) -> dict[str, dict[str, Any]]:
        drafts = [
            MemoryDraft(text=text, key=f"{SESSION}:{number}", session=SESSION, importance=0.8)
            for number, text in enumerate(answer.memories)
        ]
        lessons = [Remembering(draft=draft) for draft in drafts]
        await self._errands.learn(self._unit.session, self._user_id, lessons)
        return {}

    @property
    def _about(self) -> About:
        return About(SESSION, self._user_id)

    def _check_turn(self, found: Onboarding, step: Step) -> None:
        if is_behind(step, found.state):
            raise StepDone("This question was answered otherwise. To begin anew, reset.", state=found.state)
        if step != found.state:
            raise StepNotReached("Another question comes first.", state=found.state)

    async def _held(self) -> Onboarding:
        # Two tabs may answer at once.
        await self._unit.session.alone(f"onboarding {self._user_id}")
        return await self.find()

    async def _put(self, onboarding: Onboarding) -> Onboarding:
        fresh = replace(onboarding, updated_at=self._unit.now())
        await self._repository.put(fresh)
        return fresh


def _taken(found: Onboarding, step: Step, outcome: Outcome, changes: dict[str, Any], digest: str) -> Onboarding:
    steps = found.steps | {step: {"outcome": outcome, "digest": digest}}
    next_state: State = after(step)
    return replace(found, state=next_state, steps=steps, changes=found.changes | changes)


def _from_to(before: dict[str, Any], fresh: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: {"before": before[name], "after": fresh[name]} for name in fresh if before[name] != fresh[name]}


def _nothing(preference: str) -> str:
    """What stands for a preference that nobody has said."""
    return "balanced" if preference == "response_style" else ""


def _digest(answer: Answer) -> str:
    said = orjson.dumps(answer.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(said).hexdigest()
