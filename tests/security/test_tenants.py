"""No id of one person, wherever it is used, shows another anything or changes anything."""

import pytest
from websockets.asyncio.client import connect

from famulus.kit.ids import new_id
from tests.conformance.sockets import answer_to
from tests.security.declared import BODIES, cases, kind_of, plain_request, request_of
from tests.security.operations import IdParameter, Operation, id_parameters, operations
from tests.security.place import Answer, Place, ask, come_to_rest, rows_of
from tests.security.things import Things, gone, have, of_nothing
from tests.serving import Client

pytestmark = pytest.mark.anyio

OPEN_TO_EVERYBODY = {
    "GET /api/v1/auth/state",
    "POST /api/v1/auth/token",
    "POST /api/v1/auth/sign-in",
    "POST /api/v1/auth/sign-out",
    "POST /api/v1/auth/join",
    "POST /api/v1/auth/password/forgotten",
    "POST /api/v1/auth/password/reset",
    "POST /api/v1/auth/email/confirm",
    "GET /api/v1/feeds/{token}.ics",
    "GET /health/live",
    "GET /health/ready",
}
# Where an id that is not one's own is refused before anybody looks whether it exists, or only skips a page.
NOT_FOUND_OTHERWISE = {
    ("DELETE /api/v1/invitations/{invitation_id}", "invitation_id"): 403,
    ("GET /api/v1/invitations", "after"): 403,
    ("GET /api/v1/admin/usage", "after"): 403,
    ("GET /api/v1/admin/users", "after"): 403,
    ("PUT /api/v1/admin/users/{user_id}/plan", "user_id"): 403,
    ("PATCH /api/v1/admin/users/{user_id}", "user_id"): 403,
    ("DELETE /api/v1/admin/users/{user_id}/sessions", "user_id"): 403,
    ("DELETE /api/v1/admin/users/{user_id}", "user_id"): 403,
    ("POST /api/v1/admin/users/{user_id}/reset-link", "user_id"): 403,
    ("GET /api/v1/admin/jobs/dead", "after"): 403,
    ("POST /api/v1/admin/jobs/{job_id}/retry", "job_id"): 403,
    ("DELETE /api/v1/admin/jobs/{job_id}", "job_id"): 403,
    ("POST /chat", "user_id"): 403,
    ("POST /runs/{run_id}/submit_tool_outputs", "tool_outputs[].tool_call_id"): 422,
    ("GET /api/v1/conversations/{conversation_id}/messages", "after"): 400,
    ("GET /api/v1/assistants", "after"): 200,
    ("GET /api/v1/api-keys", "after"): 200,
    ("GET /api/v1/auth/sessions", "after"): 200,
    ("GET /memories/{user_id}", "after"): 200,
    ("GET /memories/{user_id}/proposals", "after"): 200,
    ("GET /memories/{user_id}/export", "after"): 200,
    ("GET /api/v1/files", "after"): 200,
    # Each item of a batch says for itself that there is no such thing.
    ("POST /api/v1/events/batch", "items[].event_id"): 200,
    ("POST /api/v1/events/batch", "items[].event.calendar_id"): 200,
    ("GET /api/v1/notifications", "after"): 200,
    ("GET /api/v1/notifications/deliveries", "after"): 200,
    ("GET /api/v1/reminders", "after"): 200,
    ("GET /api/v1/reminders/{reminder_id}/occurrences", "after"): 200,
}
# What there is nothing to do about, even with one's own.
NOTHING_TO_DO = {
    ("POST /api/v1/notifications/channels/{channel_id}/verify", "channel_id"): 409,
    ("POST /api/v1/reminders/{reminder_id}/resume", "reminder_id"): 409,
    ("POST /api/v1/reminders/{reminder_id}/snooze", "reminder_id"): 409,
}
# What is done to people has rules of its own: tests/features/accounts/test_people.py. What uses nothing up is first.
ONES_OWN = [case for case in cases() if "/admin/" not in case.operation.path]
ONES_OWN.sort(key=lambda case: case.operation.method != "GET")
# What the owner of a server may do with anybody, by a credential that says so.
THE_OWNERS_RIGHT = {
    "GET /api/v1/users/{user_id}",
    "POST /chat",
    "DELETE /api/v1/invitations/{invitation_id}",
    *(
        operation.name
        for operation in operations()
        if operation.path.startswith(("/api/v1/admin/users", "/api/v1/admin/jobs"))
    ),
    "GET /api/v1/admin/usage",
    *(operation.name for operation in operations() if operation.path.startswith("/memories/")),
}


@pytest.fixture(scope="module")
async def annas(place: Place) -> Things:
    things = await have(place.owner, place)
    await come_to_rest(place)
    return things


@pytest.fixture(scope="module")
async def annas_once(place: Place) -> Things:
    things = await gone(place.owner, place)
    await come_to_rest(place)
    return things


@pytest.fixture(scope="module")
async def bertas(place: Place) -> Things:
    things = await have(place.member, place)
    await come_to_rest(place)
    return things


@pytest.fixture(scope="module")
async def member_at_rest(place: Place, bertas: Things) -> None:
    """What the member did in the tests before has come to its end."""
    await come_to_rest(place)


@pytest.fixture(scope="module")
async def owner_at_rest(place: Place, annas: Things) -> None:
    """What the owner did in the tests before has come to its end."""
    await come_to_rest(place)


async def test_every_id_in_the_description_is_declared() -> None:
    for parameter in id_parameters():
        kind_of(parameter)

    with_ids = {parameter.operation for parameter in cases()}
    undeclared = [o.name for o in with_ids if "requestBody" in o.description and o.name not in BODIES]
    assert undeclared == []


@pytest.mark.parametrize("parameter", cases(), ids=lambda case: case.title)
async def test_somebody_elses_ids_are_ids_of_nothing(
    place: Place, annas: Things, annas_once: Things, bertas: Things, parameter: IdParameter
) -> None:
    kind = str(kind_of(parameter))
    before = rows_of(place.server, place.owner.user_id)

    of_anna = await _ask(place.member, parameter, getattr(annas, kind), bertas)
    of_anna_once = await _ask(place.member, parameter, getattr(annas_once, kind), bertas)
    of_nobody = await _ask(place.member, parameter, getattr(of_nothing(annas), kind), bertas)

    assert rows_of(place.server, place.owner.user_id) == before
    expected = NOT_FOUND_OTHERWISE.get((parameter.operation.name, parameter.name), 404)
    assert [a.status for a in (of_anna, of_anna_once, of_nobody)] == [expected] * 3, of_anna.text
    if expected == 200:
        assert not _mentions(of_anna, annas)
    else:
        assert of_anna.error == of_anna_once.error == of_nobody.error


@pytest.mark.parametrize(
    "parameter",
    [case for case in cases() if case.operation.name not in THE_OWNERS_RIGHT or case.name == "thread_id"],
    ids=lambda case: case.title,
)
@pytest.mark.usefixtures("member_at_rest")
async def test_the_owner_of_the_server_is_a_stranger_to_what_others_have(
    place: Place, annas: Things, bertas: Things, parameter: IdParameter
) -> None:
    kind = str(kind_of(parameter))
    before = rows_of(place.server, place.member.user_id)

    of_berta = await _ask(place.owner, parameter, getattr(bertas, kind), annas)
    of_nobody = await _ask(place.owner, parameter, getattr(of_nothing(bertas), kind), annas)

    assert rows_of(place.server, place.member.user_id) == before
    assert of_berta.status == of_nobody.status
    if of_berta.status == 200:
        assert not _mentions(of_berta, bertas, but={bertas.invitation})
    else:
        assert of_berta.error == of_nobody.error


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.name)
@pytest.mark.usefixtures("owner_at_rest")
async def test_strangers_learn_nothing(place: Place, annas: Things, operation: Operation) -> None:
    before = rows_of(place.server, place.owner.user_id)
    path, body = plain_request(operation, annas)
    url = place.server.url + path

    nameless = await ask(url, operation.method, body=body)
    pretender = await ask(url, operation.method, body=body, headers={"Authorization": "Bearer fam_" + "0" * 40})

    assert rows_of(place.server, place.owner.user_id) == before
    if operation.name in OPEN_TO_EVERYBODY:
        assert not _mentions(nameless, annas)
    else:
        assert (nameless.status, pretender.status) == (401, 401)
        assert nameless.error == pretender.error
        assert nameless.headers["WWW-Authenticate"] == "Bearer"


async def test_a_socket_knows_no_ids_of_others(place: Place, annas: Things, annas_once: Things, bertas: Things) -> None:
    before = rows_of(place.server, place.owner.user_id)
    nothing = of_nothing(annas)

    async with _socket(place.member) as socket:
        for theirs in (annas, annas_once, nothing):
            said = await answer_to(socket, {"thread_id": theirs.conversation, "message": "hi"})
            asked = await answer_to(
                socket, {"thread_id": bertas.conversation, "message": "hi", "assistant_id": theirs.assistant}
            )
            stopped = await answer_to(socket, {"type": "cancel", "run_id": theirs.run})
            resumed = await answer_to(socket, {"type": "resume", "run_id": theirs.run, "after": "0"})

            assert said["error_code"] == "conversation_not_found"
            assert asked["error_code"] == "assistant_not_found"
            assert stopped["error_code"] == resumed["error_code"] == "run_not_found"
            assert {said["error"], stopped["error"]} == {"There is no such conversation.", "There is no such run."}

    assert rows_of(place.server, place.owner.user_id) == before


async def test_two_people_may_give_their_conversations_the_same_name(place: Place) -> None:
    name = new_id("meeting")
    first = await _serve(place.owner, "remember that the safe opens with 4711", name)

    second = await _serve(place.member, "what do you remember?", name)

    assert first["metadata"]["session_id"] == second["metadata"]["session_id"] == name
    assert "4711" not in second["reply"]
    for person in (place.owner, place.member):
        page = await person.get("/api/v1/conversations?limit=100")
        assert sum(conversation["session_id"] == name for conversation in page["data"]) == 1


async def test_the_same_key_of_two_people_names_two_requests(place: Place, annas: Things, bertas: Things) -> None:
    key = new_id("key")

    first = await place.owner.post(
        f"/api/v1/conversations/{annas.conversation}/runs", {"message": "mine"}, expect=202, Idempotency_Key=key
    )
    second = await place.member.post(
        f"/api/v1/conversations/{bertas.conversation}/runs", {"message": "mine"}, expect=202, Idempotency_Key=key
    )

    assert first["id"] != second["id"]
    assert second["thread_id"] == bertas.conversation


@pytest.mark.parametrize("parameter", ONES_OWN, ids=lambda case: case.title)
async def test_ones_own_ids_are_known(place: Place, annas: Things, bertas: Things, parameter: IdParameter) -> None:
    is_owner = "invitation" in parameter.operation.path
    person, mine = (place.owner, annas) if is_owner else (place.member, bertas)
    if parameter.operation.method != "GET":
        # It may be used up.
        mine = await have(person, place)

    answer = await _ask(person, parameter, getattr(mine, str(kind_of(parameter))), mine)

    if (parameter.operation.name, parameter.name) in NOTHING_TO_DO:
        assert answer.status == NOTHING_TO_DO[parameter.operation.name, parameter.name]
    else:
        assert answer.status in (200, 201, 202, 204), answer.text


async def _ask(person: Client, parameter: IdParameter, value: str, mine: Things) -> Answer:
    path, headers, body = request_of(parameter, value, mine)
    return await ask(person.url + path, parameter.operation.method, headers={**person.headers, **headers}, body=body)


async def _serve(person: Client, text: str, session_id: str) -> dict[str, dict[str, str]]:
    body = {"user_id": person.user_id, "text": text, "metadata": {"session_id": session_id}}
    reply: dict[str, dict[str, str]] = await person.post("/chat", body)
    return reply


def _socket(person: Client) -> connect:
    url = person.url.replace("http://", "ws://")
    return connect(f"{url}/ws/chat", additional_headers=person.headers)


def _mentions(answer: Answer, things: Things, *, but: set[str] = frozenset()) -> set[str]:  # type: ignore[assignment]
    ids = {str(getattr(things, name)) for name in things.__dataclass_fields__}
    return {found for found in ids - but if found in answer.text}
