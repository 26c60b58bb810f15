"""The browser's page: static files that talk to the public API only.

`static/index.html` is the page for `/`; everything under `static/` is served at `/static/`, and run by the browser as
it is written: there is no build step. `app/` is what the page knows and does (the API, streams, the fold of a run, the
route), `parts/` is what it is drawn with, `pages/` has one module for each page, fetched when somebody goes there
and listed in `pages/index.js`; `worker.js` runs while no page is open, and shows what the server pushes; `styles/`
begins with its colours and measures. `vendor/` holds the few libraries, with their licences and a manifest of versions
and hashes, which `refresh_vendor.py` keeps. `preload.py` writes into the page which modules its first load needs.
"""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""The folder served at `/static/`."""
PAGE = STATIC / "index.html"
"""The page served at `/`."""
