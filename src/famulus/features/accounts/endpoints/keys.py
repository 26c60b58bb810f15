"""The caller's API keys."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response, status

from famulus.features.accounts.caller import AccountsDep, Caller, ClientDep, requires
from famulus.features.accounts.keys import Keys
from famulus.features.accounts.parameters import After, Limit
from famulus.features.accounts.schemas import KeyRequest, KeyView, NewKeyView
from famulus.kit.pages import DEFAULT_LIMIT, Page
from famulus.kit.problems import errors

router = APIRouter(prefix="/api-keys", tags=["api-keys"])

AccountCaller = Annotated[Caller, Depends(requires("account"))]


@router.get("", responses=errors())
async def list_keys(
    caller: AccountCaller, accounts: AccountsDep, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[KeyView]:
    """The caller's keys, newest first, without their secrets."""
    page = await accounts.read(lambda unit: Keys(unit).of(caller.user_id, after=after, limit=limit))
    shown = [KeyView.model_validate(key) for key in page.data]
    return Page(data=shown, has_more=page.has_more, next=page.next)


@router.post("", status_code=status.HTTP_201_CREATED, responses=errors())
async def issue_key(
    request: KeyRequest, caller: AccountCaller, accounts: AccountsDep, client: ClientDep, response: Response
) -> NewKeyView:
    """Make a key, which can do no more than the credential that makes it. Its secret is shown this once."""
    response.headers["Cache-Control"] = "no-store"
    issued = await accounts.write(
        lambda unit: Keys(unit).issue(
            caller.user_id,
            name=request.name,
            scopes=request.scopes,
            allowed=caller.scopes,
            expires_at=request.expires_at,
        ),
        client,
    )
    return NewKeyView(**KeyView.model_validate(issued.key).model_dump(), secret=issued.secret)


@router.delete("/{key_id}", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404))
async def revoke_key(key_id: str, caller: AccountCaller, accounts: AccountsDep, client: ClientDep) -> None:
    """Make a key worthless."""
    await accounts.write(lambda unit: Keys(unit).revoke(caller.user_id, key_id), client)
