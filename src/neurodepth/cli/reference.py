"""The page docs/command_line.md, from the commands' own help: `python -m neurodepth.cli.reference > docs/command_line.md`."""

import click

from neurodepth import surrogate
from neurodepth.cli import main
from neurodepth.cli.group import EXIT_CODES

WIDTH = 100
INTRODUCTION = """\
# The command `neurodepth`

Snakemake runs a study. `neurodepth` makes, checks and plans one, and does single steps of it by hand: to look at a cell, to train one network, to use one. The commands
call what the workflow's scripts call, with the same results.

This page is made from the commands' help (`python -m neurodepth.cli.reference`); `neurodepth COMMAND -h` shows the same.

**A cell or network** is given by its name (`l5pc`, `tcn`) or by its folder or file. Names are looked up in `models/` of the working folder, then in the project.

**An output** is written as a whole or not at all: whatever stops a command, control-c included, leaves no half file. A file that exists is replaced only with
`--overwrite`. An interrupted training keeps its checkpoint (`NAME.keras.checkpoint`) and goes on from it when the command is given again.

**Progress** of `simulate`, `experiment` and `ask` is a bar on a terminal and plain lines in a file (`neurodepth simulate l5pc 2> log`), that of a training always lines.

**For programs** `check`, `plan`, `evaluate`, `experiment`, `ask` and `info` print JSON with `--json`; progress and errors go to standard error. `neurodepth --traceback COMMAND` shows where
in the program an error comes from.

**The tab key** completes commands, options and names of cells and networks after `eval "$(_NEURODEPTH_COMPLETE=bash_source neurodepth)"` in `~/.bashrc`, with
`zsh_source` in `~/.zshrc`, or with `_NEURODEPTH_COMPLETE=fish_source neurodepth | source` in fish.

## Exit codes

| code | meaning |
|---|---|
"""
PREDICTIONS = """\
The file holds, as HDF5:

| dataset | type | unit | dimensions |
|---|---|---|---|
{rows}

`half_width_mv` and `input_distance` are there where it is known [how far to trust the network](surrogate.md#how-far-to-trust-it).

Its attributes: {attributes}. To read it: `surrogate.read("predictions.h5")` in Python, or any HDF5 reader.
"""


def page() -> str:
    """The whole page."""
    codes = "\n".join(f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items())
    parts = [INTRODUCTION + codes]
    for title, commands in main.sections.items():
        parts.append(f"## {title}")
        for command in commands:
            parts.append(f"### {command.name}\n\n```text\n{_help(command)}\n```")
            if command.name == "predict":
                parts.append(_predictions())
    return "\n\n".join(parts).rstrip() + "\n"


def _help(command: click.Command) -> str:
    parent = click.Context(main, info_name="neurodepth", terminal_width=WIDTH)
    with click.Context(command, info_name=command.name, parent=parent, terminal_width=WIDTH) as ctx:
        ctx.help_option_names = ["-h", "--help"]
        return command.get_help(ctx)


def _predictions() -> str:
    rows = "\n".join(
        f"| `{name}` | {kind} | {unit} | {dims} |" for name, (kind, unit, dims) in surrogate.LAYOUT.items()
    )
    attributes = "; ".join(f"`{name}`, {meaning}" for name, meaning in surrogate.ATTRIBUTES.items())
    return PREDICTIONS.format(rows=rows, attributes=attributes).rstrip()


if __name__ == "__main__":
    click.echo(page(), nl=False)
