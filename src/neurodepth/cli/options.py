"""Options and arguments that commands share, and outputs that are whole or not there."""

import contextlib
import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    import pandas as pd

    from neurodepth.simulation import Protocol

Function = TypeVar("Function", bound=Callable[..., Any])
FILE = click.Path(path_type=Path)


class _Named(click.ParamType):
    """A file or folder, or the name of a definition that the study or the project has."""

    def __init__(self, kind: str):
        self.name = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Find what a name or a path means."""
        from neurodepth import project, validation

        path = Path(value)
        if path.exists():
            return path.parent if path.name == "cell.yaml" else path
        try:
            return project.find_cell(value) if self.name == "cell" else project.find_network(value)
        except validation.InvalidFileError as error:
            raise validation.InvalidFileError(f"{path}: no such file or folder, and {error}") from error

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Names of definitions, then files."""
        from neurodepth import project

        known = project.cells() if self.name == "cell" else project.networks()
        items = [CompletionItem(name) for name in known if name.startswith(incomplete)]
        return items or [CompletionItem(incomplete, type="file")]


CELL, NETWORK = _Named("cell"), _Named("network")


def whole_number(minimum: int, maximum: int | None = None) -> click.IntRange:
    """The type of an option that is a whole number."""
    kind = click.IntRange(minimum, maximum)
    kind.name = "number"  # shown in the help
    return kind


def number(minimum: float, maximum: float | None = None, is_open: bool = False) -> click.FloatRange:
    """The type of an option that is a number; `is_open` keeps it from being one of its limits."""
    kind = click.FloatRange(minimum, maximum, min_open=is_open, max_open=is_open and maximum is not None)
    kind.name = "number"
    return kind


def output(default: str | None = None, help: str = "File to write.") -> Callable[[Function], Function]:
    """The option `--output`; required where it has no default."""
    shown = {"default": Path(default), "show_default": True} if default else {"required": True}
    return click.option("-o", "--output", type=FILE, help=help, **shown)


def seed(help: str, default: int = 1) -> Callable[[Function], Function]:
    """The option `--seed`."""
    return click.option("--seed", default=default, show_default=True, type=whole_number(0, 2**32 - 1), help=help)


overwrite = click.option("--overwrite", is_flag=True, help="Replace the output if it exists.")
cores = click.option(
    "--cores", default=os.cpu_count(), show_default="all", type=whole_number(1), help="Cores to compute on."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
data = click.option(
    *("--data", "data_path"),
    default=Path("data"),
    show_default=True,
    type=FILE,
    help="Your data folder, searched for morphologies.",
)


def check_output(path: Path, may_overwrite: bool, suffix: str | None = None) -> None:
    """Refuse an output that cannot be written: before hours of work, not after.

    Args:
        path: Of the output; its folder is made.
        may_overwrite: Whether it may be replaced.
        suffix: That its name must have.

    Raises:
        FileExistsError: If it exists and may not be replaced.
        PermissionError: If nothing can be written to its folder.
    """
    if suffix and path.suffix != suffix:
        raise click.BadParameter(f"expected a name that ends in {suffix}, found {path}", param_hint="--output")
    if path.exists() and not may_overwrite:
        raise FileExistsError(f"{path} exists: choose another --output or give --overwrite")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"{path.parent}: expected a folder that can be written to: choose another --output")


def protocol(cell: Path, variant: str | None, seed: int, duration_ms: int, data_path: Path) -> "Protocol":
    """How a command simulates the trials of a cell: as its definition asks, otherwise by default."""
    from neurodepth.cells import definition
    from neurodepth.simulation import Protocol

    found = definition.read(cell, variant)
    settings = definition.simulation_settings(found, {"simulator": Protocol.simulator})
    return Protocol(str(cell), found.variant, seed, duration_ms, data_path=str(data_path), **settings)


def echo_answers(table: "pd.DataFrame", protocol: "Protocol", output: Path, as_json: bool, shown: str) -> None:
    """Print how a cell and its networks answered.

    Args:
        table: A row an answer.
        protocol: How the cell was simulated.
        output: The file that holds the answers.
        as_json: Print JSON, null where there is no number.
        shown: Format of a number in the table for people.
    """
    if not as_json:
        click.echo(table.to_string(index=False, float_format=shown.format))
        return
    about = {"cell": Path(protocol.cell_path).name, "variant": protocol.variant, "output": str(output)}
    click.echo(json.dumps(about | {"answers": json.loads(table.to_json(orient="records"))}, indent=1))


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path to write to, in a folder of its own; what is written there takes its place at the end, all or nothing.

    Args:
        path: The output. What is written beside it, such as a description or a folder of figures, moves with it and
            before it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".incomplete-") as folder:
        written = Path(folder) / path.name
        yield written
        beside = [file for file in Path(folder).rglob("*") if file.is_file() and file != written]
        for file in [*beside, written]:
            target = path.parent / file.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, target)


@contextlib.contextmanager
def log_on_screen() -> Iterator[None]:
    """Show on standard error what the library's log marks `on_screen`, as `jobs.logged` does."""
    library, handler = logging.getLogger("neurodepth"), logging.StreamHandler()
    library.setLevel(logging.INFO)
    handler.addFilter(lambda record: getattr(record, "on_screen", False))
    library.addHandler(handler)
    try:
        yield
    finally:
        library.removeHandler(handler)
