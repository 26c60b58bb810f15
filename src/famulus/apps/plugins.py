"""The tools of the agent: those of the features, and those that an operator adds in modules named in the settings."""

import importlib
from collections.abc import Iterable

from famulus.agent.builtin import BUILTIN
from famulus.agent.tools import Tool
from famulus.features.calendar.tools import TOOLS as CALENDAR_TOOLS
from famulus.features.files.tools import TOOLS as FILE_TOOLS
from famulus.features.goals.tools import goal_tools
from famulus.features.notifications.tools import TOOLS as NOTIFICATION_TOOLS
from famulus.features.reminders.tools import reminder_tools
from famulus.kit.errors import Invalid
from famulus.settings import Settings


class ToolsNotFound(Invalid):
    """A module named in the settings has no tools."""


def all_tools(settings: Settings) -> list[Tool]:
    """Every tool that a run may be given, but for those of the memory."""
    about_days = (*goal_tools(settings.reminders), *CALENDAR_TOOLS, *reminder_tools(settings.reminders))
    return [*BUILTIN, *about_days, *FILE_TOOLS, *NOTIFICATION_TOOLS, *tools_from(settings.agent.tool_modules)]


def tools_from(modules: Iterable[str]) -> list[Tool]:
    """Every tool in the modules of these names."""
    found: list[Tool] = []
    for name in modules:
        try:
            module = importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 -- whatever is wrong in an operator's module, they are told in a line
            said = f"{type(error).__name__}: {error}"
            raise ToolsNotFound(f"The module {name!r} cannot be imported to take tools from: {said}.") from None
        tools = [value for value in vars(module).values() if isinstance(value, Tool)]
        if not tools:
            raise ToolsNotFound(f"The module {name!r} has no tools.")
        found += tools
    return found
