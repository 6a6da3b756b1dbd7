"""A study's configuration: what the schema cannot say about it."""

import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from neurodepth import networks, project, validation
from neurodepth.cells import definition
from neurodepth.cells.definition_rules import step_faults
from neurodepth.cells.morphology import find_morphology
from neurodepth.coverage import Sampling

SLURM_KEYS = ("minimum", "maximum", "memory", "walltime")
# A large study names a cell in thousands of jobs, and the same networks in all conditions.
read_cell, read_network = functools.cache(definition.read), functools.cache(networks.read)


def read(paths: Sequence[str | Path]) -> dict[str, Any]:
    """Lay overlays over the default study, as the workflow does with `--configfile`; unchecked.

    Raises:
        InvalidFileError: If a file is missing or no YAML.
    """
    study = validation.read_yaml(project.default_study())
    for path in paths:
        study = validation.overlay(study, validation.read_yaml(path))
    study = validation.with_numbers(study, "config")
    return study | {"conditions": conditions(study)}


def conditions(study: dict[str, Any]) -> Any:
    """The conditions of a merged configuration, each laid over `condition_defaults`; what is no mapping stays as it is."""
    defaults, given = study.get("condition_defaults", {}), study.get("conditions")
    if not isinstance(defaults, dict) or not isinstance(given, list):
        return given
    return [validation.overlay(defaults, one) if isinstance(one, dict) else one for one in given]


def check(configuration: dict[str, Any], models_path: str | Path) -> None:
    """Check a merged configuration, and the cells and networks that it names.

    Raises:
        InvalidFileError: With all that is wrong, a line each.
    """
    if found := faults(configuration, models_path):
        raise validation.InvalidFileError("\n".join(found))


def faults(configuration: dict[str, Any], models_path: str | Path, origin: str = "configuration") -> list[str]:
    """All that is wrong with a merged configuration; what the schema refuses is left out of what is compared.

    Args:
        configuration: Of a whole study.
        models_path: The study's own cells and networks; the project's are known as well.
        origin: What the messages call the configuration.
    """
    found = validation.faults(configuration, "config", origin)
    study = validation.without_faults(configuration, "config")
    models = Path(models_path)
    found += [f"{origin}: {fault}" for fault in _results_faults(study.get("results_path", ""))]
    found += [f"{origin}: {fault}" for fault in _time_faults(study)]
    found += [f"{origin}: {fault}" for fault in _engine_faults(study.get("parallel", {}))]
    found += [f"{origin}: {fault}" for fault in _twice(study.get("conditions", []))]
    for condition in study.get("conditions", []):
        found += _faults_of_condition(condition, study, models, origin)
    found += [f"{origin}: {fault}" for fault in _unusual_input_faults(study.get("conditions", []), models)]
    return list(dict.fromkeys(found))  # two conditions may have the same cell


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


def sampling(study: dict[str, Any], network: str) -> Sampling:
    """How a study draws the windows that one of its networks is trained on."""
    training, architecture = study["training"], read_network(project.find_network(network))
    lengths_ms = training["window_ms"], networks.history_ms(architecture), study["simulation"]["duration_ms"]
    return Sampling(training["batch_size"], *lengths_ms)


def _results_faults(path: str) -> Iterator[str]:
    if found := [one for one in "~${}" if one in path]:
        yield f"results_path is '{path}': expected a path as it is, found {found[0]}, which nothing expands: write it out"


def _time_faults(study: dict[str, Any]) -> Iterator[str]:
    duration_ms, window_ms = study.get("simulation", {}).get("duration_ms"), study.get("training", {}).get("window_ms")
    yield from step_faults(study.get("simulation", {}))
    if duration_ms and window_ms and window_ms > duration_ms:
        yield (
            f"training.window_ms is {window_ms}, more than simulation.duration_ms ({duration_ms}): shorten the window or "
            "simulate longer trials"
        )


def _twice(conditions: list[dict[str, Any]]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for condition in conditions:
        if not {"cell", "variant"} <= condition.keys():
            continue
        cell, variant = condition["cell"], condition["variant"]
        place, name = f"{cell}/{variant}", f"{cell}_{variant}"  # of its files, and of its figures and page
        if seen.get(name) == place:
            yield f"conditions name {place} twice: remove one"
        elif name in seen:
            yield f"the figures of {seen[name]} and {place} would both be called {name}: rename one of the variants"
        seen[name] = place


def _faults_of_condition(condition: dict[str, Any], study: dict[str, Any], models: Path, origin: str) -> list[str]:
    found = []
    if "cell" in condition:
        unreadable = _complaint(lambda: _read_variant(condition, models, origin))
        found += unreadable or [f"{origin}: {fault}" for fault in _replay_faults(condition, study, models)]
    for kind, names in (("network", [condition.get("network")]), ("baseline", condition.get("baselines", []))):
        for name in filter(None, names):
            found += [f"{origin}: {fault}" for fault in _network_faults(kind, name, condition, study, models)]
    n_trials, fractions = condition.get("trials", {}).get("train"), study.get("training_fractions")
    if n_trials and fractions:
        found += _complaint(lambda: training_sizes(n_trials, fractions))
    return found


def _read_variant(condition: dict[str, Any], models: Path, origin: str) -> None:
    try:
        folder = project.find_cell(condition["cell"], models)
    except validation.InvalidFileError as error:
        raise validation.InvalidFileError(f"{origin}: {error}") from error
    cell = read_cell(folder, condition.get("variant"))
    if "replay" in cell.values["input"] and "target_output_rate_hz" in condition:
        raise validation.InvalidFileError(
            f"{origin}: {cell.name}/{cell.variant} has a target_output_rate_hz, but its input is a recording, whose rates are "
            "what they are: leave the target out"
        )
    if "path" in cell.values.get("morphology", {}) and "fetch" not in cell.values["morphology"]:
        try:
            find_morphology(cell)
        except FileNotFoundError as error:
            raise validation.InvalidFileError(f"{folder / 'cell.yaml'}: morphology.path: {error}") from error


def _replay_faults(condition: dict[str, Any], study: dict[str, Any], models: Path) -> Iterator[str]:
    """Splits that a recorded input of a readable cell does not reach."""
    cell = read_cell(project.find_cell(condition["cell"], models), condition.get("variant"))
    simulation, recordings = study.get("simulation", {}), cell.values["input"].get("replay")
    if recordings is None or "duration_ms" not in simulation:
        return
    needed = dict(condition.get("trials", {}))
    if cell.values["type"] != "point" and simulation.get("dendrite_components"):
        needed["pilot"] = simulation.get("pilot_trials", 0)
    for split, n_trials in needed.items():
        needed_ms, found_ms = n_trials * simulation["duration_ms"], recordings.get(split, {}).get("duration_ms", 0)
        if found_ms < needed_ms:
            yield (
                f"{cell.name}/{cell.variant} replays a recording: expected {needed_ms} ms of it for the {n_trials} trials of the "
                f"split {split}, found {found_ms} ms: simulate fewer trials or bring a longer recording"
            )


def _network_faults(
    kind: str, name: str, condition: dict[str, Any], study: dict[str, Any], models: Path
) -> Iterator[str]:
    """What is wrong with a network that a condition names as its `kind`."""
    try:
        architecture = read_network(project.find_network(name, models, kind))
    except validation.InvalidFileError as error:
        yield str(error)
        return
    type_name, window_ms = architecture["type"], study.get("training", {}).get("window_ms")
    if kind == "network" and type_name not in networks.STACKS:
        yield (
            f"network of {condition.get('cell')}/{condition.get('variant')} is {name}, of type {type_name}: expected a type of "
            f"which depths can be compared, {' or '.join(networks.STACKS)}; other types are trained beside it, "
            f"baselines: [{name}]"
        )
    history_ms = networks.history_ms(architecture)
    if window_ms and history_ms >= window_ms:
        yield (
            f"training.window_ms is {window_ms}, but {kind} {name} needs {history_ms} ms of the past and is "
            "scored only after them: choose a longer window"
        )
    if kind == "network" and "depth" in architecture:
        yield (
            f"network of {condition.get('cell')}/{condition.get('variant')} is {name}, which has a depth of its own "
            f"({architecture['depth']}): expected one of which depths can be compared; train it beside it, baselines: [{name}]"
        )
    if type_name == "tcn" and "depths" in study:
        depth, first_ms = networks.baseline_depth(architecture, study["depths"]), architecture.get("first_kernel_ms")
        try:
            networks.kernel_sizes(architecture["receptive_field_ms"], depth, first_ms)
        except ValueError as error:
            yield f"depths: {error} ({kind} {name})"


def _unusual_input_faults(conditions: list[dict[str, Any]], models: Path) -> Iterator[str]:
    """What is wrong with the variants that networks are tested on besides their own."""
    whole = [one for one in conditions if {"cell", "variant"} <= one.keys() and "test" in one.get("trials", {})]
    n_test = {(one["cell"], one["variant"]): one["trials"]["test"] for one in whole}
    rates = {(one["cell"], one["variant"]): _rates(one) for one in whole}
    for condition in whole:
        if _complaint(functools.partial(_read_variant, condition, models, "")):
            continue  # said already
        cell, trained_on, n_trials = condition["cell"], condition["variant"], condition["trials"]["test"]
        trained = read_cell(project.find_cell(cell, models), trained_on).values
        for variant in condition.get("test_on", []):
            origin = f"test_on of {cell}/{trained_on} names {variant}"
            try:
                tested = read_cell(project.find_cell(cell, models), variant).values
            except validation.InvalidFileError as error:
                yield f"test_on of {cell}/{trained_on}: {error}"
                continue
            keys = sorted((trained.keys() | tested.keys()) - {"input"})
            changed = [key for key in keys if trained.get(key) != tested.get(key)]
            if changed or variant == trained_on:
                found = f"one that differs in {', '.join(changed)}" if changed else "the variant itself"
                yield f"{origin}: expected a variant with another input alone, found {found}; leave it out"
            elif n_test.setdefault((cell, variant), n_trials) != n_trials:
                yield (
                    f"{origin}: expected {n_test[cell, variant]} test trials, as where it is named before, "
                    f"found {n_trials}: give both conditions the same trials.test"
                )
            elif rates.setdefault((cell, variant), _rates(condition)) != _rates(condition):
                yield (
                    f"{origin}: expected {rates[cell, variant]}, as where it is named before, found {_rates(condition)}, as "
                    "networks are tested on the input rates that they were trained on: leave it out, or give each a study "
                    "of its own"
                )


def _rates(condition: dict[str, Any]) -> str:
    """Whose input rates a condition has."""
    if "target_output_rate_hz" not in condition:
        return "the cell's own input rates"
    return f"input rates tuned for {condition['cell']}/{condition['variant']}"


def _engine_faults(parallel: dict[str, Any]) -> Iterator[str]:
    engine, address, slurm = (parallel.get(key) for key in ("engine", "address", "slurm"))
    if engine == "address" and address is not None and "://" not in address:
        yield (
            f"parallel.engine is address, but parallel.address is '{address}': "
            "expected a Dask scheduler's, such as tcp://node1:8786"
        )
    missing = [key for key in SLURM_KEYS if slurm is not None and key not in slurm]
    if engine == "slurm" and missing:
        yield (
            f"parallel.engine is slurm, but parallel.slurm has no {', '.join(missing)}: "
            'expected { minimum: 1, maximum: 64, memory: 2GB, walltime: "04:00:00" } or the like'
        )


def _complaint(check: Callable[[], Any]) -> list[str]:
    """What a check raises, if it does."""
    try:
        check()
    except validation.InvalidFileError as error:
        return [str(error)]
    return []
