"""Whole answers, embeddings, retries, refusals and keys."""

import socket
from datetime import UTC, datetime

import pytest
import structlog

from famulus.infra.llm import (
    ContextTooLong,
    Finish,
    OpenAIClient,
    ProviderBroken,
    ProviderKeyRefused,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnreachable,
    Retries,
    Retrying,
    ToolCall,
    Usage,
)
from famulus.kit.errors import ProviderFailed
from tests.fake_model.fixture import FakeModel
from tests.infra.llm.clients import KEY, Clients, asking, heard, text_of, words

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
REFUSED = "sk-of-somebody-who-left"


async def test_a_whole_answer_says_the_same_as_a_streamed_one(client: OpenAIClient, fake_model: FakeModel) -> None:
    answer = await client.complete(asking("text?tokens=4"), correlation_id="corr-2")

    assert answer.text == words(4)
    assert answer.usage == Usage(1, 4, 5)
    assert answer.finish_reason == "stop"
    [request] = fake_model.requests()
    assert "stream" not in request["body"]
    assert request["headers"]["x-correlation-id"] == "corr-2"


async def test_a_whole_answer_may_call_tools(client: OpenAIClient) -> None:
    answer = await client.complete(asking("toolpar?n=2"))

    assert answer.text == ""
    assert [call.call_id for call in answer.tool_calls] == ["call_1", "call_2"]
    assert answer.finish_reason == "tool_calls"


async def test_a_whole_answer_is_tried_again(clients: Clients) -> None:
    assert (await clients.make().complete(asking("http500?times=2&then=say?text=hi"))).text == "hi"
    assert len(clients.pauses) == 2


async def test_vectors_come_in_the_order_of_their_texts(client: OpenAIClient) -> None:
    texts = ["red apples", "a river", "apples"]

    vectors = await client.embed(texts, model="small")

    assert vectors == [(await client.embed([text], model="small"))[0] for text in texts]
    assert await client.embed([], model="small") == []


async def test_embedding_is_tried_again(clients: Clients) -> None:
    assert len(await clients.make().embed(["x"], model="http429?times=1&retry_after=3")) == 1
    assert clients.pauses == [3.25]


async def test_models_are_listed(client: OpenAIClient) -> None:
    assert {"text", "echo"} <= set(await client.models())
    await client.ping()


async def test_pauses_double_with_jitter(clients: Clients, fake_model: FakeModel) -> None:
    events = await heard(clients.make(), asking("http500?times=2&then=text?tokens=2"))

    assert events[:2] == [Retrying(2, 0.375, "provider_broken"), Retrying(3, 0.75, "provider_broken")]
    assert text_of(events) == words(2)
    assert clients.pauses == [0.375, 0.75]
    assert len(fake_model.requests()) == 3


async def test_the_provider_may_say_how_long_to_wait(clients: Clients) -> None:
    [retrying, *_] = await heard(clients.make(), asking("http429?times=1&retry_after=7"))

    assert retrying == Retrying(2, 7.25, "provider_rate_limited")


async def test_the_provider_may_say_until_when_to_wait(clients: Clients) -> None:
    client = clients.make(now=lambda: NOON)

    await heard(client, asking("http429?times=1&retry_after=Fri, 20 Nov 2026 12:00:20 GMT"))

    assert clients.pauses == [20.25]


async def test_nobody_waits_longer_than_the_operator_allows(clients: Clients) -> None:
    client = clients.make(retries=Retries(attempts=2, max_delay_seconds=5))

    await heard(client, asking("http429?times=1&retry_after=86400"))

    assert clients.pauses == [5]


async def test_trying_again_has_an_end(clients: Clients, fake_model: FakeModel) -> None:
    with pytest.raises(ProviderRateLimited) as refused:
        await heard(clients.make(), asking("http429?retry_after=2"))

    assert refused.value.details == {"retry_after_seconds": 2.0}
    assert len(fake_model.requests()) == 3


@pytest.mark.parametrize("behaviour", ["truncate", "rst", "inband_error"])
async def test_an_answer_that_breaks_before_its_first_token_is_tried_again(clients: Clients, behaviour: str) -> None:
    events = await heard(clients.make(), asking(f"{behaviour}?after=0&times=1"))

    assert isinstance(events[0], Retrying)
    assert text_of(events) == words(5)
    assert events[-1] == Finish("stop")


@pytest.mark.parametrize("behaviour", ["truncate", "rst"])
async def test_a_whole_answer_that_breaks_is_tried_again(clients: Clients, behaviour: str) -> None:
    assert (await clients.make().complete(asking(f"{behaviour}?times=1"))).text == words(5)


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        ("http400", ProviderRejected),
        ("no_such_model", ProviderRejected),
        ("http401", ProviderKeyRefused),
        ("ctxlen", ContextTooLong),
        ("http429?code=insufficient_quota", ProviderRateLimited),
        ("badjson?after=0", ProviderBroken),
        ("inband_error?after=0&code=400", ProviderRejected),
    ],
)
async def test_what_will_not_pass_is_not_tried_again(
    clients: Clients, fake_model: FakeModel, behaviour: str, kind: type[ProviderFailed]
) -> None:
    with pytest.raises(kind):
        await heard(clients.make(), asking(behaviour))

    assert len(fake_model.requests()) == 1


async def test_the_context_may_be_just_long_enough(client: OpenAIClient) -> None:
    await heard(client, asking("ctxlen?limit=2", said="12345678"))

    with pytest.raises(ContextTooLong):
        await heard(client, asking("ctxlen?limit=2", said="123456789012"))


async def test_an_orphan_call_is_refused_by_strict_providers(client: OpenAIClient) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
    asked = {"role": "assistant", "content": None, "tool_calls": [call]}
    told = {"role": "tool", "tool_call_id": "call_1", "content": "noon"}

    await heard(client, asking("orphan400", asked, told))
    with pytest.raises(ProviderRejected):
        await heard(client, asking("orphan400", asked))


async def test_tools_and_answer_go_round(client: OpenAIClient) -> None:
    question = {"role": "user", "content": "what time is it?"}
    [call, *_] = await heard(client, asking("tool?name=clock&args={}", question))
    assert isinstance(call, ToolCall)
    function = {"name": call.name, "arguments": call.arguments}
    asked = {
        "role": "assistant",
        "tool_calls": [{"id": call.call_id, "type": "function", "function": function}],
    }
    told = {"role": "tool", "tool_call_id": call.call_id, "content": "noon"}

    events = await heard(client, asking("tool?name=clock&args={}", question, asked, told))

    assert text_of(events) == "The tools said: noon"


async def test_a_provider_that_is_not_there_is_unreachable(clients: Clients) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = clients.make(base_url=f"http://127.0.0.1:{port}/v1")

    with pytest.raises(ProviderUnreachable) as unreachable:
        await heard(client, asking("text"))
    with pytest.raises(ProviderUnreachable):
        await client.ping()

    assert str(port) not in unreachable.value.message
    assert len(clients.pauses) == 2


async def test_a_provider_without_a_good_certificate_is_not_tried_again(
    clients: Clients, fake_model: FakeModel
) -> None:
    client = clients.make(base_url=f"https://127.0.0.1:{fake_model.port}/v1")

    with pytest.raises(ProviderUnreachable):
        await client.models()

    assert clients.pauses == []


@pytest.mark.parametrize("base_url", ["nonsense", "http://127.0.0.1:99999/v1", "http://[/v1"])
async def test_an_address_that_is_none_is_unreachable(clients: Clients, base_url: str) -> None:
    with pytest.raises(ProviderUnreachable):
        await clients.make(base_url=base_url).models()


async def test_a_refused_key_is_told_and_not_shown(clients: Clients) -> None:
    client = clients.make(api_key=REFUSED)

    with structlog.testing.capture_logs() as logs, pytest.raises(ProviderKeyRefused) as refused:
        await client.ping()

    assert [entry["event"] for entry in logs] == ["provider.failed"]
    assert REFUSED not in str(logs) + str(refused.value) + str(refused.value.said) + str(refused.value.details)


async def test_a_key_is_in_no_repr(client: OpenAIClient) -> None:
    assert KEY not in repr(client)


async def test_a_password_in_the_address_is_in_no_repr_and_no_log(clients: Clients) -> None:
    client = clients.make(base_url="http://maria:password@127.0.0.1:1/v1", api_key=None)

    with structlog.testing.capture_logs() as logs, pytest.raises(ProviderUnreachable):
        await client.models()

    assert "password" not in repr(client) + str(logs)


async def test_the_providers_words_are_for_operators_only(client: OpenAIClient) -> None:
    with pytest.raises(ProviderRejected) as rejected:
        await heard(client, asking("http400?message=The field Bearer abcdefgh is odd."))

    assert rejected.value.said == "The field [key] is odd."
    assert "odd" not in rejected.value.message
    assert rejected.value.details == {"provider_status": 400}


async def test_a_broken_chunk_is_one_warning(client: OpenAIClient) -> None:
    with structlog.testing.capture_logs() as logs, pytest.raises(ProviderBroken):
        await heard(client, asking("badjson"))

    assert [(entry["log_level"], entry["event"]) for entry in logs] == [("warning", "provider.failed")]
