"""The server's description of itself is complete, and true."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.security.operations import Operation, description, operations
from tests.security.place import Place
from tests.security.test_tenants import OPEN_TO_EVERYBODY
from tests.serving import serving

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
ERROR = {"$ref": "#/components/schemas/ErrorBody"}
HEALTH = {"GET /health/live", "GET /health/ready"}
# The first of them are looked at each time, all of them when there is time.
EXAMPLES = [15, pytest.param(200, marks=pytest.mark.soak)]
# A body may be refused for its size before anybody looks at what is wrong with it.
RULES = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429, "5xx"]
"""
# A description cannot say all that makes a request good, such as that a message must not be blank.
NOT_CHECKED = "positive_data_acceptance"

named = pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.name)


async def test_the_description_is_served_to_everybody(place: Place) -> None:
    status, served = await place.member.request("GET", "/openapi.json")

    assert status == 200
    assert served == description()


async def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation.description["operationId"] for operation in operations()]

    assert len(set(names)) == len(names)


@named
async def test_an_operation_says_what_it_does_and_for_whom(operation: Operation) -> None:
    told = operation.description

    assert told["summary"]
    assert told["description"]
    assert told["tags"]
    if operation.name not in OPEN_TO_EVERYBODY:
        assert told["security"] == [{"api_key": []}, {"session": []}] or {"api_key": []} in told["security"]


@named
async def test_an_operation_says_how_it_can_fail(operation: Operation) -> None:
    responses = operation.description["responses"]
    if operation.name in HEALTH:
        return

    assert {"400", "401", "403", "413", "415", "422", "429", "500", "503"} <= responses.keys()
    if "{" in operation.path:
        assert "404" in responses
    for status, response in responses.items():
        if status >= "400":
            assert response["content"]["application/json"]["schema"] == ERROR


@named
async def test_an_operation_says_what_it_answers(operation: Operation) -> None:
    for status, response in operation.description["responses"].items():
        if status < "400" and status not in ("204", "304"):
            assert all(content["schema"] for content in response["content"].values())


@pytest.mark.parametrize("examples", EXAMPLES)
async def test_whatever_is_sent_the_answers_are_those_described(tmp_path: Path, examples: int) -> None:
    (tmp_path / "schemathesis.toml").write_text(RULES)
    # A stream without an end would be waited for.
    with serving(tmp_path, FAMULUS_STREAMS__MAX_SECONDS="0.05") as server:
        anna = await (await server.start()).owner()
        # With another person there, the owner cannot be erased by whatever is tried.
        await server.member(anna)
        outcome = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json"),
                *("--header", f"Authorization: Bearer {anna.key}", "--max-examples", str(examples)),
                *("--phases", "examples,coverage,fuzzing", "--exclude-checks", NOT_CHECKED),
                *("--generation-deterministic", "--max-response-time", "5", "--warnings", "off"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30 * examples + 600,
            check=False,
        )

        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        assert f"Tested: {len(operations())}" in outcome.stdout
        assert "Traceback" not in server.log_text
        await anna.get("/health/ready")
