"""What a provider says when it does not answer."""

import json
from datetime import UTC, datetime

import pytest

from famulus.infra.llm.faults import from_refusal, seconds_to_wait, without_keys

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2", 2),
        ("0.5", 0.5),
        ("Fri, 20 Nov 2026 12:01:00 GMT", 60),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
        ("-3", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(header, NOON) == seconds


@pytest.mark.parametrize(
    ("status", "error", "code", "transient"),
    [
        (400, {"message": "no such field"}, "provider_rejected", False),
        (400, {"message": "prompt is too long: 9 tokens"}, "context_too_long", False),
        (413, {"code": "context_length_exceeded"}, "context_too_long", False),
        (401, {}, "provider_key_refused", False),
        (403, {}, "provider_key_refused", False),
        (404, {"code": "model_not_found"}, "provider_rejected", False),
        (307, {}, "provider_rejected", False),
        (408, {}, "provider_rejected", True),
        (409, {}, "provider_rejected", True),
        (429, {}, "provider_rate_limited", True),
        (429, {"code": "insufficient_quota"}, "provider_rate_limited", False),
        (500, {}, "provider_broken", True),
        (503, {}, "provider_broken", True),
    ],
)
def test_each_status_has_its_error(status: int, error: dict[str, str], code: str, *, transient: bool) -> None:
    fault = from_refusal(status, json.dumps({"error": error}).encode(), retry_after=None, now=NOON)

    assert (fault.code, fault.transient) == (code, transient)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"message": "a\\u0000\\n b"}}', "a\ufffd b"),
        (b'{"detail": "Not here"}', "Not here"),
        (b'[{"error": {"message": "listed"}}]', "listed"),
        (b"<html>\xff", "<html>\ufffd"),
        (b"", ""),
    ],
)
def test_the_message_is_found_and_cleaned(body: bytes, said: str) -> None:
    assert from_refusal(400, body, retry_after=None, now=NOON).said == said


def test_a_long_message_is_cut_and_never_shown_to_users() -> None:
    fault = from_refusal(400, b'{"message": "' + b"x" * 10_000 + b'"}', retry_after=None, now=NOON)

    assert len(fault.said or "") == 300
    assert "xx" not in fault.message + str(fault.details)


def test_keys_are_taken_out_of_messages() -> None:
    said = "Incorrect API key provided: sk-abc***xyz, not hunter2hunter2."

    assert without_keys(said, "hunter2hunter2") == "Incorrect API key provided: [key], not [key]."
