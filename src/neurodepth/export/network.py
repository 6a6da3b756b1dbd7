"""A trained network as a folder that stands alone: weights in several formats, its input explained, a model card."""

import contextlib
import importlib.util
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
from scipy import special

from neurodepth import (
    container,
    dataset,
    evaluation,
    metrics,
    networks,
    project,
    provenance,
    streaming,
    surrogate,
    training,
    training_data,
    trust,
)
from neurodepth.cells import branches
from neurodepth.export import recording
from neurodepth.export.network_formats import FORMATS, INPUT, OUTPUTS, Format
from neurodepth.trials import Trials

MADE_BY = "neurodepth export"
PROGRAM = "The neurodepth authors, neurodepth: how deep a network is this neuron?"  # as CITATION.cff
METHOD = "Beniaguev, Segev & London 2021, Neuron 109:2727, doi:10.1016/j.neuron.2021.07.002"
CARD, ABOUT, SYNAPSES, EXAMPLE = "README.md", "network.json", "synapses.csv", "example.npz"
CARD_TEMPLATE = Path(__file__).with_name("model_card.md")
TOLERANCE = {OUTPUTS[0]: 1e-5, OUTPUTS[1]: 1e-3}  # of the probability and of the voltage in mV: rounding of float32
EXAMPLE_TRIALS, EXAMPLE_HISTORIES = 2, 3  # of the example, and its length in histories of the network
SCORES = ("auc", "soma_rmse_mv", "variance_explained", "test_h", "output_rate_hz")
# A network notes what it was trained on; whether that was compared with the shards that an export is given.
COMPARED, NOTED = "compared with its shards", "noted at training"
SEED = 1  # of the draws behind a score that is not exported


def export_network(
    model_path: str | Path,
    shard_paths: Sequence[str | Path],
    output_path: str | Path,
    formats: Sequence[str] = tuple(FORMATS),
    cell_path: str | Path | None = None,
    data_path: str | Path = "data",
    licence: str | None = None,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write a network, and all that is needed to use it, into a folder.

    Every format is read again by its own runtime, which must give what the trained network gives for the same input.

    Args:
        model_path: NAME.keras, with its NAME.json beside it.
        shard_paths: Shards of the study that it was trained in: those of the split `train` are its training data, on
            those of `test` it is scored.
        output_path: The folder to make.
        formats: Names of `FORMATS`.
        cell_path: Folder of the cell's definition; None looks it up by the name that the shards have.
        data_path: The user's data folder, searched for the cell's morphology.
        licence: Under which the network may be used, as its card says; None says that none is stated.
        overwrite: Replace an earlier export.

    Returns:
        What the folder's network.json holds.

    Raises:
        DatasetError: If the network or a shard is missing, damaged or does not fit the others, or the network notes that
            it was trained on others.
        FileExistsError: If the output exists and may not be replaced.
        ValueError: If a format is unknown, its package is not installed, the network of a type that cannot be
            exported, or the cell another one.
        ArithmeticError: If a runtime gives something else than the trained network.
    """
    output_path = Path(output_path)
    _check_output(output_path, overwrite)
    if unknown := set(formats) - set(FORMATS):
        raise ValueError(f"format '{sorted(unknown)[0]}' is unknown; expected any of {', '.join(FORMATS)}")
    _check_packages(formats)
    description = surrogate.describe(model_path)
    model, scaling = surrogate.load(model_path)
    weights = streaming.read_weights(model, description)
    shards = _read_attributes(shard_paths)
    trained_on = _describe_training(model_path, description, shards)
    trials = dataset.read_split(shard_paths[:1], optional=())
    trials = trials.first(min(EXAMPLE_TRIALS, len(trials)))
    surrogate.check_input(model, model_path, trials)
    example = _example(model, scaling, trials, EXAMPLE_HISTORIES * networks.history_ms(description["architecture"]))
    identity = shards[0][1]
    cell_path = Path(cell_path) if cell_path else project.find_cell(identity["cell"])
    cell = recording.build_cell(cell_path, data_path, identity, trials)
    known_path = trust.find(model_path)
    error = trust.read(known_path).error_of([model_path]) if known_path else None
    with _whole_folder(output_path) as folder:
        _tabulate_synapses(cell).to_csv(folder / SYNAPSES, index_label="synapse")
        np.savez_compressed(folder / EXAMPLE, **example)
        about = {
            "made_by": MADE_BY,
            "cell": {name: identity[name] for name in ("cell", "variant")}
            | {"description": cell.definition.values["description"], "has_branches": hasattr(cell, "segments")},
            "network": description | {"parameters": int(model.count_params()), "sha256": trust.digest(model_path)},
            "receptive_field_ms": networks.history_ms(description["architecture"]),
            "n_synapses": weights.n_synapses,
            "n_excitatory": trials.n_excitatory,
            "training_data": trained_on,
            "scores_on_test_trials": _score(model_path, shards),
            "tolerance": TOLERANCE,
            "formats": {name: _write(FORMATS[name], weights, folder, example) for name in formats},
            "voltage_error": asdict(error) if error else None,
            "limits": known_path.name if known_path else None,
            "licence": licence,
            "citation": _cite(cell.definition.values.get("citation", [])),
            "versions": provenance.versions(),
            "commit": provenance.commit(),
        }
        if known_path:
            shutil.copy(known_path, folder)
        (folder / ABOUT).write_text(json.dumps(about, indent=1, allow_nan=False) + "\n")
        half_width_mv = float(error.half_width_mv(np.zeros(1))[0]) if error else None
        card = jinja2.Template(CARD_TEMPLATE.read_text(), trim_blocks=True, keep_trailing_newline=True)
        (folder / CARD).write_text(card.render(about, clip_mv=metrics.CLIP_MV, half_width_mv=half_width_mv))
    return about


def _check_output(path: Path, may_overwrite: bool) -> None:
    if not path.exists():
        return
    if not may_overwrite:
        raise FileExistsError(f"{path} exists; choose another --output or give --overwrite")
    about = path / ABOUT
    if not about.is_file() or json.loads(about.read_text()).get("made_by") != MADE_BY:
        raise FileExistsError(
            f"{path} is not a network that '{MADE_BY}' made; remove it yourself or choose another --output"
        )


def _check_packages(formats: Sequence[str]) -> None:
    wanted = {module: name for name in formats for module in FORMATS[name].modules}
    if missing := [module for module in wanted if importlib.util.find_spec(module) is None]:
        names = ", ".join(missing)
        raise ValueError(
            f'format {wanted[missing[0]]} needs {names}, found no such package: pip install "neurodepth[export]", or choose '
            "other formats with --format"
        )


@contextlib.contextmanager
def _whole_folder(path: Path) -> Iterator[Path]:
    """A folder to write into, which takes its place at the end, all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".incomplete-") as temporary:
        folder = Path(temporary) / path.name
        folder.mkdir()
        yield folder
        if path.exists():
            path.rename(Path(temporary) / "replaced")
        folder.rename(path)


def _read_attributes(shard_paths: Sequence[str | Path]) -> list[tuple[Path, dict[str, Any]]]:
    """Path and attributes of shards of one cell, variant and seed."""
    if not shard_paths:
        raise ValueError(
            "expected the network's shards besides the network, found none: they say which cell it stands for and what "
            "it was trained on; give trials/train/*.h5 and trials/test/*.h5 of its study"
        )
    found: list[tuple[Path, dict[str, Any]]] = []
    for path in map(Path, shard_paths):
        expected = {name: found[0][1][name] for name in training_data.CELL} if found else {}
        found.append((path, container.read(path, dataset.FORMAT, skip=set(dataset.LAYOUT), expected=expected)[1]))
    return found


def _example(model: Any, scaling: training.Scaling, trials: Trials, duration_ms: int) -> dict[str, Any]:
    """Input of some trials, and what the trained network says to it."""
    logit, voltage_mv = training.predict(model, trials, scaling)
    spikes = training.feed(model, trials, np.arange(len(trials)), np.zeros(len(trials), int), trials.duration_ms)
    kept = slice(0, duration_ms)
    return {
        INPUT: np.asarray(spikes, np.uint8)[:, kept],
        OUTPUTS[0]: special.expit(logit[:, kept]),
        OUTPUTS[1]: voltage_mv[:, kept],
    }


def _cite(of_cell: Sequence[str]) -> list[str]:
    """What to cite who uses the folder: this program, the cell's sources and the method."""
    program = f"{PROGRAM}, version {metadata.version('neurodepth')}, commit {provenance.commit()}"
    return list(dict.fromkeys([program, *of_cell, METHOD]))


def _tabulate_synapses(cell: Any) -> pd.DataFrame:
    """The network's input in its order: each synapse with its place on the dendrite."""
    table = branches.tabulate(cell)
    if hasattr(cell, "segments"):
        table = table.join(cell.segments[["x", "x_um", "y_um", "z_um"]], on="segment")
    return table


def _describe_training(
    model_path: str | Path, description: dict[str, Any], shards: Sequence[tuple[Path, dict[str, Any]]]
) -> dict[str, Any]:
    """What the network was trained on, and in `check` whether its shards are among those given."""
    if "training_data" not in description:
        raise dataset.DatasetError(
            f"{model_path}: expected a network that notes its training data, found an old one that does not: train it again"
        )
    noted = description["training_data"]
    return noted | {"check": COMPARED if training_data.check(noted, shards) else NOTED}


def _score(model_path: str | Path, shards: Sequence[tuple[Path, dict[str, Any]]]) -> dict[str, float | None] | None:
    """Scores on the test trials, if there are any; None where they have none, as without a spike."""
    paths = [path for path, attributes in shards if attributes["split"] == "test"]
    if not paths:
        return None
    row = evaluation.evaluate_network(model_path, dataset.read_split(paths, optional=()), SEED)[0].row
    return {name: None if np.isnan(row[name]) else float(row[name]) for name in SCORES}


def _write(form: Format, weights: streaming.Weights, folder: Path, example: dict[str, np.ndarray]) -> dict[str, Any]:
    """Write a format, let its runtime compute the example, and say how far that is from the trained network."""
    form.write(weights, folder / form.file)
    found = form.run(folder / form.file, example[INPUT].astype(np.float32))
    differences = {name: float(np.abs(one - example[name]).max()) for name, one in zip(OUTPUTS, found, strict=True)}
    runtime = form.modules[0].replace("_", "-")
    version = metadata.version(metadata.packages_distributions()[form.modules[0]][0])
    for name, difference in differences.items():
        if not difference <= TOLERANCE[name]:  # not a number fails too
            raise ArithmeticError(
                f"{form.title}: {name} differs by {difference:g} from the trained network's, expected at most "
                f"{TOLERANCE[name]:g}: {runtime} {version} computes something else; leave out this format with --format, "
                "or install another version"
            )
    return {"title": form.title, "file": form.file, "runtime": runtime, "version": version, "differences": differences}
