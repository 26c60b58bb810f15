"""Keeps the libraries in `static/vendor/`: `python -m famulus.web.refresh_vendor [--upgrade | --check]`.

Without an option, the versions in the manifest are fetched again with `npm pack`; with `--upgrade`, the
newest that are at least a week old. With `--check` nothing is fetched: the files must be the manifest's.

The page's content security policy forbids inline scripts, and with them inline import maps; so the bare
imports of the libraries are rewritten here into relative ones.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from famulus.web import STATIC

VENDOR = STATIC / "vendor"
MANIFEST = VENDOR / "manifest.json"
COOLDOWN = timedelta(days=7)
"""A release that turns out malicious is usually withdrawn within days."""


@dataclass(frozen=True)
class Package:
    """What is taken from one npm package: module in it → module here."""

    name: str
    modules: Mapping[str, str] = field(default_factory=dict)
    copies: Mapping[str, str] = field(default_factory=dict)
    """What is taken byte for byte: fonts and style sheets."""
    suffix: str = ""
    licences: tuple[str, ...] = ("LICENSE",)


PACKAGES = (
    Package("preact", {"dist/preact.mjs": "preact.js", "hooks/dist/hooks.mjs": "preact-hooks.js"}),
    Package("htm", {"dist/htm.mjs": "htm.js"}),
    Package("@preact/signals-core", {"dist/signals-core.mjs": "signals-core.js"}),
    Package("@preact/signals", {"dist/signals.mjs": "signals.js"}),
    Package("marked", {"lib/marked.esm.js": "marked.js"}),
    # Only the classic script is minified upstream; it leaves its one name on the global object.
    Package(
        "dompurify",
        {"dist/purify.min.js": "purify.js"},
        suffix="export default globalThis.DOMPurify;\n",
        licences=("LICENSE", "LICENSE-MPL"),
    ),
    # Loaded by a page that shows formulas; the browser itself sets MathML.
    Package("temml", {"dist/temml.min.js": "temml.js"}, suffix="export default temml;\n"),
    # Loaded by a page that shows charts.
    Package(
        "uplot",
        {"dist/uPlot.iife.min.js": "uplot.js"},
        copies={"dist/uPlot.min.css": "uplot.css"},
        suffix="export default uPlot;\n",
    ),
    # The face of headings; what is read for long is set in the reader's own.
    Package("@fontsource/newsreader", copies={"files/newsreader-latin-500-normal.woff2": "newsreader.woff2"}),
)
BARE_IMPORTS = {
    "preact": "./preact.js",
    "preact/hooks": "./preact-hooks.js",
    "@preact/signals-core": "./signals-core.js",
}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def altered() -> list[str]:
    """What in the vendor folder is not as the manifest says."""
    listed = {
        name: file["sha256"]
        for package in json.loads(MANIFEST.read_text())["packages"].values()
        for name, file in package["files"].items()
    }
    found = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}
    strange = found - listed.keys() - {MANIFEST.name}
    return sorted(strange | {name for name in listed if name not in found or sha256(VENDOR / name) != listed[name]})


def refresh(*, upgrade: bool) -> None:
    """Fetch every package and write its modules, its licences and the manifest."""
    pinned = json.loads(MANIFEST.read_text())["packages"] if MANIFEST.exists() else {}
    packages = {}
    for package in PACKAGES:
        version = None if upgrade or package.name not in pinned else pinned[package.name]["version"]
        with TemporaryDirectory() as folder:
            packed = _pack(package.name, version, Path(folder))
            _expect_integrity(packed, None if version is None else pinned[package.name]["integrity"])
            with tarfile.open(Path(folder) / packed["filename"]) as archive:
                files = _take(package, archive)
        packages[package.name] = {
            "version": packed["version"],
            "integrity": packed["integrity"],
            "files": dict(sorted(files.items())),
        }
    MANIFEST.write_text(json.dumps({"packages": packages}, indent=2) + "\n")


def _pack(name: str, version: str | None, folder: Path) -> dict[str, Any]:
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is needed to fetch the libraries.")
    wanted = name if version is None else f"{name}@{version}"
    cooled = (datetime.now(UTC) - COOLDOWN).isoformat()
    limits = [f"--before={cooled}"] if version is None else []
    command = [npm, "pack", wanted, "--json", "--pack-destination", str(folder), *limits]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603  # names are from this file
    packed: dict[str, Any] = json.loads(answer.stdout)[0]
    return packed


def _expect_integrity(packed: Mapping[str, Any], expected: str | None) -> None:
    if expected is not None and packed["integrity"] != expected:
        sys.exit(f"{packed['name']} {packed['version']} is not the package it was: {packed['integrity']}")


def _take(package: Package, archive: tarfile.TarFile) -> dict[str, dict[str, str]]:
    modules = {
        target: (source, (browser_module(_read(archive, source).decode()) + package.suffix).encode())
        for source, target in package.modules.items()
    }
    copies = {target: (source, _read(archive, source)) for source, target in package.copies.items()}
    slug = package.name.removeprefix("@").replace("/", "-")
    licences = {
        f"licences/{slug}{licence.removeprefix('LICENSE')}.txt": (licence, _read(archive, licence))
        for licence in package.licences
    }
    taken = modules | copies | licences
    for target, (_, content) in taken.items():
        (VENDOR / target).parent.mkdir(parents=True, exist_ok=True)
        (VENDOR / target).write_bytes(content)
    return {target: {"from": source, "sha256": sha256(VENDOR / target)} for target, (source, _) in taken.items()}


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(f"package/{name}")
    if member is None:
        sys.exit(f"{name} is not a file in the package.")
    return member.read()


def browser_module(text: str) -> str:
    """The module with relative imports, and without the comment that asks for a source map."""
    text = re.sub(r"\n?//# sourceMappingURL=\S+\s*$", "", text).rstrip() + "\n"
    return re.sub(r'(\bfrom|\bimport)(\s*)"([^"./][^"]*)"', _relative, text)


def _relative(found: re.Match[str]) -> str:
    keyword, space, name = found.groups()
    if name not in BARE_IMPORTS:
        sys.exit(f"An import of {name!r} has no file here.")
    return f'{keyword}{space}"{BARE_IMPORTS[name]}"'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--upgrade", action="store_true", help="take the newest versions older than a week")
    choice.add_argument("--check", action="store_true", help="compare the files with the manifest, offline")
    options = parser.parse_args()
    if not options.check:
        refresh(upgrade=options.upgrade)
    if names := altered():
        sys.exit(f"Not as the manifest says: {', '.join(names)}")


if __name__ == "__main__":
    main()
