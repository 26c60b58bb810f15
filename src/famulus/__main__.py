"""`python -m famulus` is the `famulus` command."""

from famulus.cli import main

main()
