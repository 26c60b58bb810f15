"""The browser's page: static files that talk to the public API only.

`static/index.html` is the page for `/`; everything under `static/` is served at `/static/`. The modules in
`static/app/` are what the browser runs, as they are written: there is no build step. `static/vendor/` holds
the few libraries they use, with their licences and a manifest of versions and hashes, which
`refresh_vendor.py` keeps.
"""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""The folder served at `/static/`."""
PAGE = STATIC / "index.html"
"""The page served at `/`."""
