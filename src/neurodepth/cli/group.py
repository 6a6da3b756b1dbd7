"""The frame of the command `neurodepth`: commands in sections, one clear line for an error, exit codes that mean something."""

import errno
import os
import signal
from collections.abc import Sequence
from types import FrameType
from typing import Any

import click

GOOD, PROBLEM, USAGE, MACHINE, INTERRUPTED = 0, 1, 2, 3, 130
EXIT_CODES = {
    GOOD: "all is well",
    PROBLEM: "what was given cannot be used: a file, a value in it, a fault that `check` found",
    USAGE: "a command, an argument or an option that there is not",
    MACHINE: "the machine stopped it: disk full or unreadable, memory too small",
    INTERRUPTED: "interrupted; nothing half written is left",
}
LONGEST_SENTENCE = 200  # of a command's help, shown whole in the list of commands
MACHINE_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOMEM, errno.EROFS, errno.EMFILE)


class Commands(click.Group):
    """A group whose help lists its commands in sections, and which turns the library's errors into one line."""

    def __init__(self, *args: Any, sections: dict[str, Sequence[click.Command]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.sections = sections
        for commands in sections.values():
            for command in commands:
                self.add_command(command)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands in the order of the help."""
        return [str(command.name) for commands in self.sections.values() for command in commands]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, section by section."""
        for title, commands in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(str(one.name), one.get_short_help_str(LONGEST_SENTENCE)) for one in commands])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        before = signal.signal(signal.SIGTERM, _interrupt)  # ended from outside, a command cleans up as after control-c
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except (click.exceptions.Exit, click.Abort, BrokenPipeError):  # click's own business
            raise
        except (ValueError, ArithmeticError, OSError, RuntimeError, MemoryError) as error:  # what the library raises
            if ctx.params["traceback"]:
                raise
            raise _in_one_line(error) from error
        finally:
            signal.signal(signal.SIGTERM, before)


class _MachineStopped(click.ClickException):
    exit_code = MACHINE


def _in_one_line(error: Exception) -> click.ClickException:
    """An error of the library as click shows it, with its exit code."""
    is_full = os.strerror(errno.ENOSPC) in str(error)  # HDF5 gives the system's error in its text alone
    message = str(error) or type(error).__name__
    if is_full:
        return _MachineStopped(f"{message}\nThe disk is full: make room and run the command again.")
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in MACHINE_ERRORS):
        return _MachineStopped(message)
    return click.ClickException(message)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
