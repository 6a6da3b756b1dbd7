"""A study's configuration: what the schema cannot say about it."""

import functools
from pathlib import Path
from typing import Any

from neurodepth import networks, validation
from neurodepth.cells import definition

SLURM_KEYS = ("minimum", "maximum", "memory", "walltime")
read_cell = functools.cache(definition.read)  # a large study names a cell in thousands of jobs


def check(configuration: dict[str, Any], models_path: str | Path) -> None:
    """Check a merged configuration, and the cells and networks that it names.

    Raises:
        InvalidFileError: With every unknown key and its nearest neighbour, or the first value that cannot work.
    """
    validation.check(configuration, "config", "configuration")
    models = Path(models_path)
    duration_ms, window_ms = configuration["simulation"]["duration_ms"], configuration["training"]["window_ms"]
    if window_ms > duration_ms:
        raise validation.InvalidFileError(
            f"configuration: training.window_ms is {window_ms}, more than simulation.duration_ms ({duration_ms})"
        )
    _check_engine(configuration["parallel"])
    seen = set()
    for condition in configuration["conditions"]:
        key = (condition["cell"], condition["variant"])
        if key in seen:
            raise validation.InvalidFileError(f"configuration: conditions name {'/'.join(key)} twice")
        seen.add(key)
        _check_condition(condition, configuration, models)
    _check_unusual_input(configuration["conditions"], models)


def training_sizes(n_trials: int, fractions: list[float]) -> list[int]:
    """Training trials of each fraction, smallest first.

    Raises:
        InvalidFileError: If two fractions come to the same number.
    """
    sizes = sorted({max(1, round(n_trials * fraction)) for fraction in fractions})
    if len(sizes) < len(fractions):
        raise validation.InvalidFileError(
            f"configuration: training_fractions {fractions} of {n_trials} trials do not give different sizes: simulate more"
        )
    return sizes


def _check_condition(condition: dict[str, Any], configuration: dict[str, Any], models: Path) -> None:
    _check_known("cell", condition["cell"], models / "cells")
    read_cell(models / "cells" / condition["cell"], condition["variant"])
    type_name = _check_network("network", condition["network"], configuration, models)
    if type_name not in networks.STACKS:
        raise validation.InvalidFileError(
            f"configuration: network of {condition['cell']}/{condition['variant']} is {condition['network']}, of type "
            f"{type_name}: expected a type of which depths can be compared, {' or '.join(networks.STACKS)}; other types are "
            f"trained beside it, baselines: [{condition['network']}]"
        )
    for name in condition.get("baselines", []):
        _check_network("baseline", name, configuration, models)
    training_sizes(condition["trials"]["train"], configuration["training_fractions"])


def _check_network(kind: str, name: str, configuration: dict[str, Any], models: Path) -> str:
    """Check a network that a condition names as its `kind`; returns its type."""
    _check_known(kind, name, models / "networks")
    architecture = networks.read(models / "networks" / f"{name}.yaml")
    history_ms, window_ms = networks.history_ms(architecture), configuration["training"]["window_ms"]
    if history_ms >= window_ms:
        raise validation.InvalidFileError(
            f"configuration: training.window_ms is {window_ms}, but {kind} {name} needs {history_ms} ms of the past and is "
            "scored only after them: choose a longer window"
        )
    if architecture["type"] == "tcn":
        depth, first_ms = max(configuration["depths"]), architecture.get("first_kernel_ms")
        try:
            networks.kernel_sizes(architecture["receptive_field_ms"], depth, first_ms)
        except ValueError as error:
            raise validation.InvalidFileError(f"configuration: depths: {error} ({kind} {name})") from error
    return architecture["type"]


def _check_known(kind: str, name: str, folder: Path) -> None:
    known = sorted(path.stem for path in folder.iterdir())
    if name not in known:
        raise validation.InvalidFileError(f"configuration: no {kind} '{name}': {validation.nearest(name, known)}")


def _check_unusual_input(conditions: list[dict[str, Any]], models: Path) -> None:
    """Check the variants that networks are tested on besides their own."""
    n_test = {(one["cell"], one["variant"]): one["trials"]["test"] for one in conditions}
    for condition in conditions:
        cell, trained_on, n_trials = condition["cell"], condition["variant"], condition["trials"]["test"]
        origin = f"configuration: test_on of {cell}/{trained_on}"
        trained = read_cell(models / "cells" / cell, trained_on).values
        for variant in condition.get("test_on", []):
            tested = read_cell(models / "cells" / cell, variant).values
            keys = sorted((trained.keys() | tested.keys()) - {"input"})
            changed = [key for key in keys if trained.get(key) != tested.get(key)]
            if changed or variant == trained_on:
                found = f"one that differs in {', '.join(changed)}" if changed else "the variant itself"
                raise validation.InvalidFileError(
                    f"{origin} names {variant}: expected a variant with another input alone, found {found}; leave it out"
                )
            if n_test.setdefault((cell, variant), n_trials) != n_trials:
                raise validation.InvalidFileError(
                    f"{origin} names {variant}: expected {n_test[cell, variant]} test trials, as where it is named before, "
                    f"found {n_trials}: give both conditions the same trials.test"
                )


def _check_engine(parallel: dict[str, Any]) -> None:
    if parallel["engine"] == "address" and "://" not in parallel["address"]:
        raise validation.InvalidFileError(
            f"configuration: parallel.engine is address, but parallel.address is '{parallel['address']}': "
            "expected a Dask scheduler's, such as tcp://node1:8786"
        )
    missing = [key for key in SLURM_KEYS if key not in parallel["slurm"]]
    if parallel["engine"] == "slurm" and missing:
        raise validation.InvalidFileError(
            f"configuration: parallel.engine is slurm, but parallel.slurm has no {', '.join(missing)}: "
            'expected { minimum: 1, maximum: 64, memory: 2GB, walltime: "04:00:00" } or the like'
        )
