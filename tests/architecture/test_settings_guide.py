"""Every setting is described, and the page that describes them is the one that they make."""

import importlib.util
import types
from pathlib import Path

import pytest

from famulus.settings import Settings
from famulus.settings.section import Section

TOOL = Path(__file__).parents[2] / "tools" / "settings_guide.py"


@pytest.fixture(scope="module")
def guide() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("settings_guide", TOOL)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def names() -> list[str]:
    found = []
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            found += [f"{name}.{inner}" for inner in kind.model_fields]
        else:
            found.append(name)
    return found


def test_every_setting_has_a_description() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            assert [inner for inner, told in kind.model_fields.items() if not told.description] == []


def test_the_page_is_up_to_date(guide: types.ModuleType) -> None:
    assert guide.PAGE.read_text() == guide.page(), "run python tools/settings_guide.py"


@pytest.mark.parametrize("name", names())
def test_every_setting_is_on_the_page(guide: types.ModuleType, name: str) -> None:
    variable = "FAMULUS_" + name.replace(".", "__").upper()

    assert f"`{name}`<br>`{variable}`" in guide.PAGE.read_text()
