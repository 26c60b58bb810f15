"""Everybody on the server, for its owner and its admins: what they are here, and nothing of what is theirs."""

from typing import Annotated

from fastapi import APIRouter, Query, Response, status
from starlette.requests import HTTPConnection

from famulus.features.accounts.caller import AccountsDep, AdminDep, ClientDep, OwnerDep
from famulus.features.accounts.origin import base_url
from famulus.features.accounts.parameters import After, Limit
from famulus.features.accounts.people import People
from famulus.features.accounts.resets import RESET_LIFE, reset_link
from famulus.features.accounts.schemas import Erasure, PersonView, ResetLinkView, StandingChange
from famulus.kit.clock import utc_now
from famulus.kit.pages import DEFAULT_LIMIT, Page
from famulus.kit.problems import errors
from famulus.kit.text import storable

router = APIRouter(prefix="/admin/users", tags=["people"])

Search = Annotated[str | None, Query(max_length=100, description="Characters of a name or an e-mail address.")]


@router.get("", responses=errors())
async def list_people(
    admin: AdminDep, accounts: AccountsDep, search: Search = None, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[PersonView]:
    """Everybody who has an account, newest first."""
    words = storable(search) if search else None
    page = await accounts.read(lambda unit: People(unit, admin).page(search=words, after=after, limit=limit))
    shown = [PersonView.model_validate(user) for user in page.data]
    return Page(data=shown, has_more=page.has_more, next=page.next)


@router.patch("/{user_id}", responses=errors(404, 409))
async def change_person(
    user_id: str, change: StandingChange, admin: AdminDep, accounts: AccountsDep, client: ClientDep
) -> PersonView:
    """Make somebody an admin or a member, which only the owner may; stop all their credentials, or let them work again.

    Admins change members alone. Whoever is an admin no longer, or disabled, loses the invitations they have handed out.
    """
    sent = change.model_dump(exclude_unset=True)
    changed = await accounts.write(
        lambda unit: People(unit, admin).change(user_id, role=sent.get("role"), disabled=sent.get("disabled")), client
    )
    return PersonView.model_validate(changed)


@router.delete("/{user_id}", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404, 409))
async def erase_person(
    user_id: str, erasure: Erasure, owner: OwnerDep, accounts: AccountsDep, client: ClientDep
) -> None:
    """Remove somebody else and everything that is theirs, for ever; the owner alone may, with their own password."""
    password = erasure.password.get_secret_value() if erasure.password else None
    await accounts.erase_somebody(user_id, owner, password=password, client=client)


@router.post("/{user_id}/reset-link", status_code=status.HTTP_201_CREATED, responses=errors(404, 409))
async def make_reset_link(
    *,
    user_id: str,
    owner: OwnerDep,
    accounts: AccountsDep,
    client: ClientDep,
    connection: HTTPConnection,
    response: Response,
) -> ResetLinkView:
    """Make a way to a new password, for the owner to hand to whoever has forgotten theirs.

    It works once, for half an hour, and is shown this once. Whoever has it can become that person: no admin makes it.
    """
    response.headers["Cache-Control"] = "no-store"
    token = await accounts.write(lambda unit: People(unit, owner).reset(user_id), client)
    return ResetLinkView(link=reset_link(base_url(connection), token), expires_at=utc_now() + RESET_LIFE)


@router.delete("/{user_id}/sessions", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404))
async def sign_person_out(user_id: str, admin: AdminDep, accounts: AccountsDep, client: ClientDep) -> None:
    """Sign somebody out everywhere; their API keys go on working."""
    await accounts.write(lambda unit: People(unit, admin).sign_out(user_id), client)
