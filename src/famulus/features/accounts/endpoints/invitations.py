"""Ways in for other people; the owner and the admins hand them out."""

from fastapi import APIRouter, Response, status
from starlette.requests import HTTPConnection

from famulus.features.accounts.caller import AccountsDep, AdminDep, ClientDep
from famulus.features.accounts.invitations import Invitations
from famulus.features.accounts.links import invitation_link
from famulus.features.accounts.origin import base_url
from famulus.features.accounts.parameters import After, Limit
from famulus.features.accounts.schemas import InvitationRequest, InvitationView, NewInvitationView
from famulus.kit.pages import DEFAULT_LIMIT, Page
from famulus.kit.problems import errors

router = APIRouter(prefix="/invitations", tags=["invitations"])


@router.get("", responses=errors())
async def list_invitations(
    _admin: AdminDep, accounts: AccountsDep, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[InvitationView]:
    """What has been handed out, by whomever, newest first, without the links."""
    page = await accounts.read(lambda unit: Invitations(unit).handed_out(after=after, limit=limit))
    shown = [InvitationView.model_validate(row) for row in page.data]
    return Page(data=shown, has_more=page.has_more, next=page.next)


@router.post("", status_code=status.HTTP_201_CREATED, responses=errors())
async def invite(
    *,
    request: InvitationRequest,
    admin: AdminDep,
    accounts: AccountsDep,
    client: ClientDep,
    connection: HTTPConnection,
    response: Response,
) -> NewInvitationView:
    """Make a way in for one person. Its link is shown this once."""
    response.headers["Cache-Control"] = "no-store"
    made = await accounts.write(lambda unit: Invitations(unit).invite(admin.user_id, email=request.email), client)
    link = invitation_link(base_url(connection), made.token)
    invitation = made.invitation
    return NewInvitationView(id=invitation.id, email=invitation.email, link=link, expires_at=invitation.expires_at)


@router.delete("/{invitation_id}", status_code=status.HTTP_204_NO_CONTENT, responses=errors(404))
async def withdraw(invitation_id: str, admin: AdminDep, accounts: AccountsDep, client: ClientDep) -> None:
    """Close a way in."""
    await accounts.write(lambda unit: Invitations(unit).withdraw(admin.user_id, invitation_id), client)
