"""`python -m portal` runs the command line."""

from portal.cli import main

main()
