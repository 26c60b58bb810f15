"""The page's files as they lie there: what is loaded, how much, and from where."""

import gzip
import re
from pathlib import Path

import pytest

from famulus.web import PAGE, STATIC
from famulus.web.refresh_vendor import altered, browser_module

OURS = sorted((STATIC / "app").rglob("*.js"))
MODULES = [*OURS, *sorted((STATIC / "vendor").glob("*.js"))]
IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']""")


def test_the_vendored_libraries_are_those_of_the_manifest() -> None:
    assert altered() == []


def test_every_module_imports_files_that_are_there() -> None:
    missing = [
        (module.name, wanted)
        for module in OURS
        for wanted in IMPORT.findall(module.read_text())
        if not wanted.startswith(".") or not (module.parent / wanted).is_file()
    ]

    assert missing == []


def test_the_page_preloads_every_module_and_loads_nothing_from_elsewhere() -> None:
    page = PAGE.read_text()

    preloaded = set(re.findall(r'rel="modulepreload" href="([^"]+)"', page))

    assert preloaded == {f"static/{module.relative_to(STATIC)}" for module in MODULES}
    assert not re.search(r"https?://|//[a-z]", page + (STATIC / "app.css").read_text())


def test_the_page_needs_no_exception_from_the_content_security_policy() -> None:
    page = PAGE.read_text()

    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|<base", page)


def test_the_first_load_is_small() -> None:
    loaded = [PAGE, STATIC / "app.css", STATIC / "favicon.svg", *MODULES]

    assert sum(len(gzip.compress(path.read_bytes())) for path in loaded) <= 100_000


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_modules_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 400


def test_bare_imports_of_a_library_become_relative_ones() -> None:
    taken = browser_module('import{h}from"preact";export*from "preact/hooks";\n//# sourceMappingURL=x.mjs.map\n')

    assert taken == 'import{h}from"./preact.js";export*from "./preact-hooks.js";\n'


def test_a_library_that_imports_something_else_is_refused() -> None:
    with pytest.raises(SystemExit, match="left-pad"):
        browser_module('import pad from "left-pad";')
