"""The code keeps the shape that it is described to have."""

import ast
import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

import famulus
from famulus.features.accounts import tables as accounts
from famulus.features.calendar import records as calendar_records
from famulus.features.calendar import tables as calendar_tables
from famulus.features.conversations import records
from famulus.features.conversations import tables as conversations
from famulus.features.goals import records as goal_records
from famulus.features.goals import tables as goal_tables
from famulus.features.notifications import records as notification_records
from famulus.features.notifications import tables as notification_tables
from famulus.features.onboarding.records import Onboarding
from famulus.features.onboarding.tables import onboardings
from famulus.features.reminders import records as reminder_records
from famulus.features.reminders import tables as reminder_tables
from famulus.memory.records import Memory
from famulus.memory.tables import memories

ROOT = Path(__file__).parents[2]
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 400, 40
NAMES_THAT_SAY_NOTHING = {"utils", "helpers", "common", "misc", "base", "manager", "core"}
RECORDS: list[tuple[type, sa.Table]] = [
    (records.Assistant, conversations.assistants),
    (records.Conversation, conversations.conversations),
    (records.Message, conversations.messages),
    (records.Run, conversations.runs),
    (records.Step, conversations.steps),
    (calendar_records.Calendar, calendar_tables.calendars),
    (calendar_records.Event, calendar_tables.events),
    (calendar_records.Source, calendar_tables.calendar_sources),
    (calendar_records.RemoteEvent, calendar_tables.remote_events),
    (goal_records.Goal, goal_tables.goals),
    (goal_records.Step, goal_tables.goal_steps),
    (reminder_records.Reminder, reminder_tables.reminders),
    (reminder_records.Occurrence, reminder_tables.occurrences),
    (notification_records.Notification, notification_tables.notifications),
    (notification_records.Delivery, notification_tables.deliveries),
    (notification_records.Channel, notification_tables.channels),
    (notification_records.Preferences, notification_tables.preferences),
    (Onboarding, onboardings),
    (Memory, memories),
    (accounts.User, accounts.users),
    (accounts.SignIn, accounts.sessions),
    (accounts.ApiKey, accounts.api_keys),
    (accounts.Invitation, accounts.invitations),
]


def sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "vendor" not in path.parts]


def functions_in(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def at(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_imports_go_where_the_contracts_let_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    assert lint_imports(config_filename="pyproject.toml", no_cache=True) == EXIT_STATUS_SUCCESS


def test_no_file_is_too_long() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in sources("src", "tests", "tools", "bench")}

    assert {at(path, lines) for path, lines in lengths.items() if lines > MOST_LINES} == set()


def test_no_function_is_too_long() -> None:
    long = {
        f"{at(path, function.lineno)} {function.name}"
        for path in sources("src", "tests", "tools", "bench")
        # A revision is written by a tool, and says what it does from top to bottom.
        if "versions" not in path.parts
        for function in functions_in(path)
        if (function.end_lineno or 0) - function.lineno + 1 > MOST_LINES_OF_A_FUNCTION
    }

    assert long == set()


def test_nothing_is_imported_inside_a_function() -> None:
    hidden = {
        at(path, node.lineno)
        for path in sources("src", "tests", "tools", "bench")
        for function in functions_in(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert hidden == set()


def test_every_name_says_something() -> None:
    nameless = {at(path, 1) for path in sources("src", "tests") if path.stem in NAMES_THAT_SAY_NOTHING}
    folders = {path for path in (ROOT / "src").rglob("*") if path.is_dir() and path.name in NAMES_THAT_SAY_NOTHING}

    assert nameless | folders == set()


def test_every_module_says_what_it_is() -> None:
    silent = {
        at(path, 1)
        for path in sources("src")
        if "versions" not in path.parts and not ast.get_docstring(ast.parse(path.read_text()))
    }

    assert silent == set()


def test_every_folder_of_code_is_a_package() -> None:
    folders = {path.parent for path in sources("src/famulus")}

    assert {folder for folder in folders if not (folder / "__init__.py").exists()} <= {
        ROOT / "src/famulus/migrations/versions",
        ROOT / "src/famulus/migrations/versions/memory",
    }


def test_every_module_can_be_imported() -> None:
    for module in pkgutil.walk_packages(famulus.__path__, "famulus."):
        # These do something when they are imported, and are only ever run.
        if not module.name.startswith(("famulus.migrations.env", "famulus.__main__")):
            importlib.import_module(module.name)


@pytest.mark.parametrize(("record", "table"), RECORDS, ids=lambda one: getattr(one, "__name__", None))
def test_a_records_fields_stand_in_the_order_of_its_columns(record: type, table: sa.Table) -> None:
    assert [field.name for field in dataclasses.fields(record)] == [column.name for column in table.columns]


def test_the_description_of_the_architecture_names_what_is_there() -> None:
    page = ROOT / "docs" / "architecture.md"
    if not page.exists():
        pytest.skip("it is not written yet")
    text = page.read_text()
    packages = {path.parent.relative_to(ROOT / "src/famulus") for path in sources("src/famulus")}

    assert {str(package) for package in packages if package.parts and f"{package.parts[0]}/" not in text} == set()
