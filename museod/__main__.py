"""`python -m museod`."""

from museod.cli import main

main()
