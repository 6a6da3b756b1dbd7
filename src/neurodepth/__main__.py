"""`python -m neurodepth` is the command `neurodepth`."""

from neurodepth.cli import main

main()
