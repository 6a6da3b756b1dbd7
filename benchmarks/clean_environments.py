"""Does an exported folder open where there is nothing but its runtime? A fresh environment for each, the card's own code in it."""

import os
import re
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass, field
from pathlib import Path

import click

from neurodepth import provenance

BLOCK = re.compile(r"([^\n]+):\n\n```python\n(.*?)```", re.DOTALL)
LOADING = re.compile(r"```python\n(import numpy.*?)```", re.DOTALL)
# A stream's last call gives its last millisecond alone.
COMPARISON = """
names = ["spike_probability", "soma_voltage_mv"]
with np.load("example.npz") as example:
    wanted = {name: example[name] for name in names}
first = -outputs["soma_voltage_mv"].shape[1]
found = [np.abs(np.asarray(outputs[name]) - wanted[name][:, first:]).max() for name in names]
print("differences", *(f"{one:.2g}" for one in found))
assert found[0] < 1e-5 and found[1] < 1e-3, found
"""


@dataclass(frozen=True)
class Environment:
    """A fresh environment.

    Attributes:
        packages: What pip installs into it, beside what these ask for.
        headings: Of the card's blocks of code to run in it.
        variables: Of the programs' environment.
    """

    packages: tuple[str, ...]
    headings: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)


ENVIRONMENTS = {
    "onnxruntime": Environment(
        ("onnxruntime", "numpy"),
        ("ONNX", "ONNX, one or more milliseconds a call, with what the layers remember handed on"),
    ),
    # ai-edge-litert asks for backports-strenum, whose 1.3 refuses Python 3.11
    "litert": Environment(("ai-edge-litert", "backports-strenum<1.3", "numpy"), ("LiteRT",)),
    "tensorflow": Environment(("tensorflow-cpu",), ("TensorFlow", "Keras, any backend")),
    "keras_jax": Environment(("keras", "jax"), ("Keras, any backend",), {"KERAS_BACKEND": "jax"}),
}


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--only", type=click.Choice(list(ENVIRONMENTS)), multiple=True, help="These environments; all if left out."
)
def open_everywhere(folder: Path, only: tuple[str, ...]) -> None:
    card = (folder / "README.md").read_text()
    blocks = dict(BLOCK.findall(card))
    loading = LOADING.search(card)[1]
    print(f"commit {provenance.commit()}, Python {sys.version.split()[0]}", flush=True)
    for name in only or ENVIRONMENTS:
        environment = ENVIRONMENTS[name]
        with tempfile.TemporaryDirectory() as scratch:
            python = install(Path(scratch), environment.packages)
            versions = installed(python, environment.packages)
            for heading in environment.headings:
                said = run(python, folder, loading + blocks[heading] + COMPARISON, environment.variables)
                print(f"{name} ({versions}), {heading}: {said}", flush=True)


def install(folder: Path, packages: tuple[str, ...]) -> Path:
    """Make an environment with some packages; returns its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
    return python


def installed(python: Path, packages: tuple[str, ...]) -> str:
    """Packages with their versions."""
    names = [re.split("[<>=]", package)[0] for package in packages]
    program = f"from importlib.metadata import version; print(', '.join(f'{{n}} {{version(n)}}' for n in {names}))"
    return subprocess.run([python, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def run(python: Path, folder: Path, program: str, variables: dict[str, str]) -> str:
    """Run a program in the exported folder; returns the last line it prints."""
    # Nothing of this environment reaches the other.
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "KERAS", "VIRTUAL"))}
    done = subprocess.run(
        [python, "-I", "-c", program], cwd=folder, env=clean | variables, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise click.ClickException(f"{folder}: {done.stderr[-2000:]}")
    return done.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    open_everywhere()
