"""The first questions under `/api/v1/onboarding`, and trying a model, which is one of them and useful later."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import HTTPConnection

from famulus.features.accounts.caller import AccountsDep, Caller, ClientDep, requires
from famulus.features.accounts.errors import TooManyAttempts
from famulus.features.accounts.identity import Client
from famulus.features.accounts.service import Accounts
from famulus.features.accounts.unit import Unit
from famulus.features.onboarding.desk import OnboardingDesk, OnboardingDeskDep
from famulus.features.onboarding.errors import ModelUnknown
from famulus.features.onboarding.records import Onboarding
from famulus.features.onboarding.schemas import (
    Answer,
    ChosenModel,
    FirstMemories,
    FirstReminder,
    LeftOut,
    OnboardingView,
    Trial,
    TrialRequest,
    Wishes,
)
from famulus.features.onboarding.service import FirstSteps
from famulus.features.onboarding.states import Step
from famulus.features.onboarding.trial import try_model
from famulus.kit.problems import errors

router = APIRouter(prefix="/api/v1", responses=errors())

NewcomerDep = Annotated[Caller, Depends(requires("account", "chat"))]
"""Somebody whose credential may change their account, and remember and remind."""


class Guide:
    """Asks the caller of one request."""

    def __init__(self, caller: NewcomerDep, accounts: AccountsDep, client: ClientDep, desk: OnboardingDeskDep) -> None:
        self._caller: Caller = caller
        self._accounts: Accounts = accounts
        self._client: Client = client
        self._desk: OnboardingDesk = desk

    async def hear(self, step: Step, answer: Answer) -> OnboardingView:
        """Carry out an answer."""
        models = list(self._desk.models)

        async def work(unit: Unit) -> Onboarding:
            return await self.steps(unit).answer(step, answer, models=models)

        return OnboardingView.of(await self._accounts.write(work, self._client))

    def steps(self, unit: Unit) -> FirstSteps:
        """How far the caller is."""
        user_id = self._caller.user_id
        reminders = self._desk.reminders.of(unit.session, user_id)
        return FirstSteps(unit, user_id, errands=self._desk.errands, reminders=reminders)


GuideDep = Annotated[Guide, Depends()]


@router.get("/onboarding", tags=["onboarding"])
async def show(guide: GuideDep, accounts: AccountsDep) -> OnboardingView:
    """How far the caller is."""
    return OnboardingView.of(await accounts.read(lambda unit: guide.steps(unit).find()))


@router.post("/onboarding/begin", tags=["onboarding"])
async def begin(guide: GuideDep, accounts: AccountsDep) -> OnboardingView:
    """Ask the first question; whoever has begun stays where they are."""
    return OnboardingView.of(await accounts.write(lambda unit: guide.steps(unit).begin()))


@router.post("/onboarding/dismiss", tags=["onboarding"])
async def dismiss(guide: GuideDep, accounts: AccountsDep) -> OnboardingView:
    """Do not ask again; what was answered stays, and one may come back."""
    return OnboardingView.of(await accounts.write(lambda unit: guide.steps(unit).dismiss()))


@router.put("/onboarding/preferences", responses=errors(409), tags=["onboarding"])
async def answer_preferences(wishes: Wishes, guide: GuideDep) -> OnboardingView:
    """Who the caller is, and how they want to be answered. The same answer may be sent again."""
    return await guide.hear("preferences", wishes)


@router.put("/onboarding/model", responses=errors(409), tags=["onboarding"])
async def answer_model(chosen: ChosenModel, guide: GuideDep) -> OnboardingView:
    """Which model answers the caller, of those that `GET /api/v1/models` names."""
    return await guide.hear("model", chosen)


@router.put("/onboarding/memories", responses=errors(409), tags=["onboarding"])
async def answer_memories(memories: FirstMemories, guide: GuideDep) -> OnboardingView:
    """What is worth knowing about the caller: each becomes a memory."""
    return await guide.hear("memories", memories)


@router.put("/onboarding/reminder", responses=errors(409), tags=["onboarding"])
async def answer_reminder(reminder: FirstReminder, guide: GuideDep) -> OnboardingView:
    """Something not to forget: it becomes a reminder."""
    return await guide.hear("reminder", reminder)


@router.post("/onboarding/skip", responses=errors(409), tags=["onboarding"])
async def skip(left_out: LeftOut, guide: GuideDep, accounts: AccountsDep) -> OnboardingView:
    """Leave a question out."""
    return OnboardingView.of(await accounts.write(lambda unit: guide.steps(unit).skip(left_out.step)))


@router.post("/onboarding/reset", tags=["onboarding"])
async def reset(guide: GuideDep, accounts: AccountsDep) -> OnboardingView:
    """Begin anew, and take back what the answers have made: nothing that was changed since, and nothing else."""
    return OnboardingView.of(await accounts.write(lambda unit: guide.steps(unit).reset()))


@router.post("/models/trial", tags=["models"])
async def try_it(
    asked: TrialRequest, caller: NewcomerDep, desk: OnboardingDeskDep, connection: HTTPConnection
) -> Trial:
    """Ask a model for a word, and say plainly what came of it; a model that fails is an answer, and no error."""
    if asked.model not in desk.models:
        raise ModelUnknown("There is no such model.", models=list(desk.models))
    if wait := desk.trials.hit(caller.user_id):
        raise TooManyAttempts(wait)
    model = desk.model_named(asked.model)
    correlation_id = connection.state.correlation_id
    return await try_model(model, asked.model, offline=desk.models[asked.model], correlation_id=correlation_id)
