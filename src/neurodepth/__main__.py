"""`python -m neurodepth` is the command `neurodepth`."""

from neurodepth.cli import main

if __name__ == "__main__":  # the processes that simulate import this module too
    main()
