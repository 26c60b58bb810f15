"""`python -m famulus` is the `famulus` command."""

import gc

# Nothing of what is loaded becomes garbage: to look for it meanwhile would be a tenth of the start.
gc.disable()

from famulus.cli import main  # noqa: E402 -- see above

gc.enable()
main()
