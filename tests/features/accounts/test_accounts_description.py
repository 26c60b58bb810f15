"""What the API's description says about accounts."""

from typing import Any

import pytest

from tests.features.accounts.place import Place

pytestmark = pytest.mark.anyio

ANONYMOUS = {
    "/auth/state",
    "/auth/token",
    "/auth/sign-in",
    "/auth/sign-out",
    "/auth/join",
    "/auth/password/forgotten",
    "/auth/password/reset",
    "/auth/email/confirm",
}


@pytest.fixture
def operations(place: Place) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (path.removeprefix("/api/v1"), method): operation
        for path, methods in place.app.openapi()["paths"].items()
        if path.startswith("/api/v1")
        for method, operation in methods.items()
    }


async def test_every_operation_says_how_to_authenticate_or_needs_nobody(
    operations: dict[tuple[str, str], dict[str, Any]],
) -> None:
    anonymous = {path for (path, _), operation in operations.items() if "security" not in operation}

    assert anonymous == ANONYMOUS
    assert all(
        operation["security"] == [{"api_key": []}, {"session": []}]
        for (path, _), operation in operations.items()
        if path not in ANONYMOUS
    )


async def test_both_ways_to_authenticate_are_described(place: Place) -> None:
    schemes = place.app.openapi()["components"]["securitySchemes"]

    assert (schemes["api_key"]["type"], schemes["api_key"]["scheme"]) == ("http", "bearer")
    assert (schemes["session"]["in"], schemes["session"]["name"]) == ("cookie", "famulus_session")


async def test_every_operation_declares_its_errors(
    operations: dict[tuple[str, str], dict[str, Any]],
) -> None:
    for (path, method), operation in operations.items():
        missing = {"400", "401", "403", "422", "429"} - operation["responses"].keys()
        assert not missing, (method, path)
        assert operation["responses"]["401"]["content"]["application/json"]["schema"]["$ref"].endswith("ErrorBody")


async def test_requests_forbid_what_they_do_not_declare(place: Place) -> None:
    schemas = place.app.openapi()["components"]["schemas"]
    requests = ["LinkRequest", "SignInRequest", "JoinRequest", "ProfileChange", "PasswordChange", "Erasure"]

    assert all(
        schemas[name]["additionalProperties"] is False for name in [*requests, "KeyRequest", "InvitationRequest"]
    )
