"""Writes `docs/guide/settings.md` from the settings themselves: `python tools/settings_guide.py`."""

import typing
from collections.abc import Iterator
from pathlib import Path

from pydantic.fields import FieldInfo

from famulus.settings import Settings
from famulus.settings.conventional import CONVENTIONAL
from famulus.settings.section import Section

PAGE = Path(__file__).parents[1] / "docs" / "guide" / "settings.md"

_INTRODUCTION = """\
# Settings

Everything has a default: a server starts without a single setting. What is set is read, strongest first, from

1. the environment, as `FAMULUS_SECTION__NAME`: for example `FAMULUS_SERVER__PORT=9000`;
2. the same names in a file `.env` in the folder in which the server is started;
3. names that other tools agree on: {conventional};
4. a file `famulus.toml` in that folder, with a table for each section: `[server]` and below it `port = 9000`;
5. the defaults below.

A list is written as JSON in the environment: `FAMULUS_MODEL__CHOICES='["one", "two"]'`. A setting that does not exist,
or does not fit, stops the server at its start with one line that names it.
"""


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page())


def page() -> str:
    """The whole page."""
    conventional = ", ".join(f"`{name}` (`{'.'.join(path)}`)" for name, path in CONVENTIONAL.items())
    parts = [_INTRODUCTION.format(conventional=conventional), *_table("", Settings.model_fields)]
    for name, field in Settings.model_fields.items():
        if section := _section(field):
            parts += [f"\n## {name}\n", f"{field.description}\n", *_table(f"{name}.", section.model_fields)]
    return "\n".join(parts) + "\n"


def _table(prefix: str, fields: dict[str, FieldInfo]) -> Iterator[str]:
    yield "| setting | default | what it does |"
    yield "|---|---|---|"
    for name, field in fields.items():
        if not _section(field):
            variable = "FAMULUS_" + (prefix.replace(".", "__") + name).upper()
            described = " ".join((field.description or "").split())
            yield f"| `{prefix}{name}`<br>`{variable}` | {_default(field)} | {described}{_range(field)} |"


def _section(field: FieldInfo) -> type[Section] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is None or value == ():
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _range(field: FieldInfo) -> str:
    """The bounds of a number, and the choices among words."""
    if typing.get_origin(field.annotation) is typing.Literal:
        return " One of " + ", ".join(f"`{choice}`" for choice in typing.get_args(field.annotation)) + "."
    bounds = []
    for rule in field.metadata:
        for sign, name in (("≥", "ge"), (">", "gt"), ("≤", "le"), ("<", "lt")):
            if (bound := getattr(rule, name, None)) is not None:
                bounds.append(f"{sign} {bound:,}")
    return f" ({', '.join(bounds)})" if bounds else ""


if __name__ == "__main__":
    main()
