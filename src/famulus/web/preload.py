"""Writes into the page which modules its first load needs: `python -m famulus.web.preload`.

Without the list a browser learns of a module only when it has read the one that imports it: a round trip for each
level of imports. What is imported by a call, when it is needed, is left out.
"""

import re
from pathlib import Path

from famulus.web import PAGE, STATIC

_MAIN = STATIC / "app" / "main.js"
_IMPORT = re.compile(r"""(?<![\w.])(?:import|export)\s*(?:[\w$*{}\s,]*?\s*from\s*)?["']([^"']+)["']""")
_LINKS = re.compile(r'(    <link rel="modulepreload"[^\n]*\n)+')


def first_modules() -> list[Path]:
    """Every module that the first one imports, directly or not."""
    found: set[Path] = set()
    waiting = [_MAIN]
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.add(module)
        waiting += [(module.parent / wanted).resolve() for wanted in static_imports(module.read_text())]
    return sorted(found)


def static_imports(text: str) -> list[str]:
    """What a module's text imports before it runs."""
    return [name for name in dict.fromkeys(_IMPORT.findall(text)) if name.startswith(".")]


def page_with_preloads() -> str:
    """The page as it should be."""
    names = [module.relative_to(STATIC).as_posix() for module in first_modules()]
    links = "".join(f'    <link rel="modulepreload" href="static/{name}" />\n' for name in names)
    return _LINKS.sub(lambda _: links, PAGE.read_text(), count=1)


if __name__ == "__main__":
    PAGE.write_text(page_with_preloads())
