"""What an assistant may do with reminders is what the operator lets its person do, and no more work than that."""

from typing import Any

import orjson
import pytest

from famulus.agent.tools import Output, Tool, ToolContext, failure, parsed
from famulus.apps.plugins import all_tools
from famulus.kit.errors import FamulusError
from famulus.settings import Settings
from famulus.settings.outward import ReminderSettings
from tests.features.reminders.place import Reminding

pytestmark = pytest.mark.anyio

STRICT = Settings(reminders=ReminderSettings(max_active=2, shortest_interval_seconds=3_600, default_expiry_days=30))
TOOLS = {tool.name: tool for tool in all_tools(STRICT)}


async def use(reminding: Reminding, name: str, **arguments: Any) -> Output:
    """What a model is told that calls the tool."""
    tool: Tool = TOOLS[name]
    given = parsed(tool, orjson.dumps(arguments).decode())
    if isinstance(given, Output):
        return given

    async def work(session: Any) -> Output:
        context = ToolContext(
            user_id=reminding.place.user_id, run_id="run_1", idempotency_key="run_1/1", correlation_id="corr_1",
            zone="Europe/Berlin", now=reminding.place.clock(), session=session,
        )  # fmt: skip
        answer = tool.function(context, given)
        assert not isinstance(answer, str)
        return Output(await answer)

    try:
        return await reminding.place.database.write(work)
    except FamulusError as error:
        return failure(error.code, error.message)


async def test_the_operators_limits_hold_for_tools_too(reminding: Reminding) -> None:
    too_often = await use(reminding, "schedule_reminder", title="x", rrule="FREQ=MINUTELY;INTERVAL=5")
    made = await use(reminding, "schedule_reminder", title="x", when="every day at 9")
    await use(reminding, "schedule_reminder", title="y", when="tomorrow at 9")
    too_many = await use(reminding, "schedule_reminder", title="z", when="tomorrow at 10")
    goal = await use(reminding, "add_goal", title="Learn the cello")
    goal_id = goal.text.partition("(")[2].partition(")")[0]
    check_in = await use(reminding, "schedule_check_in", goal_id=goal_id, when="every friday")

    assert too_often.error_code == "invalid_rule"
    assert "until 2026-12-21" in made.text
    assert (too_many.error_code, check_in.error_code) == ("too_many_reminders", "too_many_reminders")


ABUSE = [
    ({"rrule": "FREQ=SECONDLY"}, "invalid_rule"),
    ({"rrule": "FREQ=DAILY;COUNT=1000000000"}, "invalid_rule"),
    ({"rrule": "FREQ=DAILY;INTERVAL=1000000000"}, "invalid_rule"),
    ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"}, "never_due"),
    ({"rrule": "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2,4,6,9,11"}, "never_due"),
    ({"rrule": "FREQ=DAILY;BYHOUR=0,1,2,3;BYMINUTE=0,1,2,3;BYSETPOS=9999"}, "invalid_rule"),
    ({"rrule": "FREQ=DAILY", "when": "9999-12-31T23:59:59"}, "invalid_rule"),
    ({"rrule": "FREQ=DAILY", "when": "1900-01-01T00:00:00"}, "invalid_rule"),
    ({"rrule": "FREQ=DAILY;UNTIL=99991231T235959Z;BYWEEKNO=60"}, "invalid_rule"),
    ({"rrule": "FREQ=YEARLY;BYEASTER=0"}, "invalid_rule"),
    ({"cron": "* * * * * *"}, "invalid_rule"),
    ({"cron": "0 0 31 2 *"}, "invalid_rule"),
    ({"cron": "0 0 1 12 *" + " " * 50}, None),
    ({"when": "9999-12-31T23:59:59"}, "invalid_rule"),
    ({"when": "0001-01-01T00:00:00+14:00"}, "invalid_rule"),
    ({"when": "in 9999 weeks"}, None),
]


@pytest.mark.parametrize(("said", "code"), ABUSE, ids=str)
async def test_a_rule_that_asks_too_much_is_an_answer_like_any_other(
    reminding: Reminding, said: dict[str, str], code: str | None
) -> None:
    assert (await use(reminding, "schedule_reminder", title="x", **said)).error_code == code
