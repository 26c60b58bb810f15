"""What clients send about accounts, and what they get to see."""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    WithJsonSchema,
)

from famulus.features.accounts.passwords import MAX_CHARACTERS, MIN_CHARACTERS
from famulus.kit.schemas import Instant, Time, known_zone
from famulus.kit.text import storable

# What the e-mail field of a browser accepts (WHATWG HTML, "valid e-mail address"); no grammar is a proof.
_EMAIL = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)


def _storable(value: object) -> object:
    return storable(value) if isinstance(value, str) else value


def _email(text: str) -> str:
    if _EMAIL.fullmatch(text) is None:
        raise ValueError("this is no e-mail address")
    return text


def _without_default(schema: dict[str, Any]) -> None:
    """A field that may be left out, and has no value that stands for leaving it out."""
    schema.pop("default", None)


# Written last, a validator before all the others: what is cleaned is also what is measured.
_CLEAN = BeforeValidator(_storable)

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), _CLEAN]
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254),
    AfterValidator(_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 254}),
    _CLEAN,
]
SignInName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=254), _CLEAN]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=200), _CLEAN]
Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(known_zone), _CLEAN]
Token = Annotated[SecretStr, Field(min_length=1, max_length=200), _CLEAN]
Password = Annotated[SecretStr, Field(min_length=1, max_length=MAX_CHARACTERS), _CLEAN]
NewPassword = Annotated[SecretStr, Field(min_length=MIN_CHARACTERS, max_length=MAX_CHARACTERS), _CLEAN]
ResponseStyle = Literal["balanced", "brief", "thorough", "friendly", "formal"]
Role = Literal["owner", "admin", "member"]
Scope = Literal["chat", "account", "users:act", "admin"]


class Request(BaseModel):
    """A body that says nothing but what is declared."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class LinkRequest(Request):
    """A sign-in link's token; the rest is for the first person, who becomes the owner."""

    token: Token
    name: Name = "Owner"
    email: Email | None = None
    password: NewPassword | None = None


class SignInRequest(Request):
    email: SignInName
    password: Password


class ForgottenPassword(Request):
    email: SignInName


class PasswordReset(Request):
    token: Token
    new: NewPassword


class JoinRequest(Request):
    token: Token
    name: Name
    email: Email
    password: NewPassword


class ProfileChange(Request):
    """What a person may change about themselves; a field that is left out stays as it is."""

    name: Name = Field("", json_schema_extra=_without_default)
    zone: Zone = Field("", json_schema_extra=_without_default)
    selected_model: ModelName | None = None


class EmailChange(Request):
    """Another address, and the proof that it is really its owner who wants it."""

    email: Email
    password: Password | None = None


class EmailConfirmation(Request):
    token: Token


class Preferences(Request):
    """How somebody wants to be helped: every answer is given with these in mind."""

    profession: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100), _CLEAN] = ""
    """What they do."""
    response_style: ResponseStyle = "balanced"
    custom_instructions: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000), _CLEAN] = ""
    """What an assistant is told in their own words."""


class PreferencesChange(Request):
    """What is left out stays as it is."""

    profession: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100), _CLEAN] | None = None
    response_style: ResponseStyle | None = None
    custom_instructions: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000), _CLEAN] | None = (
        None
    )


class PasswordChange(Request):
    current: Password | None = None
    new: NewPassword


class Erasure(Request):
    """Everything of this person goes, for ever."""

    confirm: Literal["erase"]
    password: Password | None = None


class KeyRequest(Request):
    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=8)] = ["chat"]
    expires_at: Instant | None = None


class InvitationRequest(Request):
    email: Email | None = None


class StandingChange(Request):
    """What may be changed about somebody else; a field that is left out stays as it is."""

    role: Literal["admin", "member"] = Field("member", json_schema_extra=_without_default)
    disabled: bool = Field(False, json_schema_extra=_without_default)


class View(BaseModel):
    """What is shown of something kept."""

    model_config = ConfigDict(from_attributes=True)


class UserView(View):
    id: str
    name: str
    email: str | None
    picture: str | None
    role: Role
    zone: str
    selected_model: str | None
    created_at: Time
    updated_at: Time


class AccountRecord(View):
    """An account as an archive has it."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    id: str
    name: Name
    email: str | None
    role: Role
    zone: Zone
    selected_model: ModelName | None
    preferences: Preferences
    created_at: Instant
    updated_at: Instant


class EmailOutcome(BaseModel):
    """What has become of the wish for another address."""

    changed: bool
    """Whether it is the address already; otherwise a link is on its way to it."""
    email: str
    message: str


class PersonView(View):
    """Somebody, as those see them who run the server."""

    id: str
    name: str
    email: str | None
    picture: str | None
    role: Role
    created_at: Time
    disabled_at: Time | None


class AuthState(BaseModel):
    """What a page needs to know before it knows who is looking at it."""

    signed_in: bool
    user: UserView | None
    set_up: bool
    """Whether this server has an owner."""
    password_sign_in: bool
    """Whether anybody can sign in with a password."""


class SessionView(View):
    id: str
    created_at: Time
    last_seen_at: Time
    expires_at: Time
    user_agent: str
    address: str
    current: bool = False


class KeyView(View):
    id: str
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: Time
    last_used_at: Time | None
    expires_at: Time | None


class NewKeyView(KeyView):
    secret: str
    """Shown this once."""


class InvitationView(View):
    id: str
    email: str | None
    created_by: str
    created_at: Time
    expires_at: Time
    used_at: Time | None


class ResetLinkView(BaseModel):
    link: str
    """Shown this once."""
    expires_at: Time


class NewInvitationView(BaseModel):
    id: str
    email: str | None
    link: str
    """Shown this once."""
    expires_at: Time
