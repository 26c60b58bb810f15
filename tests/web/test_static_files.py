"""The page's files as they lie there: what is loaded, how much, and from where."""

import gzip
import re
from pathlib import Path

import pytest

from famulus.web import PAGE, STATIC
from famulus.web.preload import first_modules, page_with_preloads
from famulus.web.refresh_vendor import altered, browser_module, sha256

OURS = sorted(path for folder in ("app", "parts", "pages") for path in (STATIC / folder).rglob("*.js"))
STYLES = sorted(STATIC.rglob("styles/*.css"))
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
AXE_4_14_1 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']""")


def test_the_vendored_libraries_are_those_of_the_manifest() -> None:
    assert altered() == []


def test_the_accessibility_checker_is_the_one_that_was_fetched() -> None:
    assert sha256(AXE) == AXE_4_14_1


def test_every_module_imports_files_that_are_there() -> None:
    missing = [
        (module.name, wanted)
        for module in OURS
        for wanted in IMPORT.findall(module.read_text())
        if not wanted.startswith(".") or not (module.parent / wanted).is_file()
    ]

    assert missing == []


def test_the_page_preloads_what_it_begins_with_and_loads_nothing_from_elsewhere() -> None:
    page = PAGE.read_text()

    assert page == page_with_preloads()
    assert not re.search(r"https?://|//[a-z]", page + "".join(path.read_text() for path in STYLES))


def test_every_style_sheet_of_the_first_load_is_in_the_page() -> None:
    linked = set(re.findall(r'rel="stylesheet" href="static/([^"]+)"', PAGE.read_text()))

    assert linked == {path.relative_to(STATIC).as_posix() for path in STYLES}


def test_the_page_needs_no_exception_from_the_content_security_policy() -> None:
    page = PAGE.read_text()

    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|<base", page)


def test_the_first_load_is_small() -> None:
    others = [STATIC / "favicon.svg", STATIC / "app" / "theme.js", STATIC / "vendor" / "newsreader.woff2"]

    loaded = [PAGE, *STYLES, *others, *first_modules()]

    assert sum(len(gzip.compress(path.read_bytes())) for path in loaded) <= 150_000


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_modules_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 400


def test_bare_imports_of_a_library_become_relative_ones() -> None:
    taken = browser_module('import{h}from"preact";export*from "preact/hooks";\n//# sourceMappingURL=x.mjs.map\n')

    assert taken == 'import{h}from"./preact.js";export*from "./preact-hooks.js";\n'


def test_a_library_that_imports_something_else_is_refused() -> None:
    with pytest.raises(SystemExit, match="left-pad"):
        browser_module('import pad from "left-pad";')
