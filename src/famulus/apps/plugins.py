"""Tools that an operator adds: modules of their own, named in the settings."""

import importlib
from collections.abc import Iterable

from famulus.agent.tools import Tool
from famulus.kit.errors import Invalid


class ToolsNotFound(Invalid):
    """A module named in the settings has no tools."""


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
