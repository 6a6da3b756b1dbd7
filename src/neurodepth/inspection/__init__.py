"""What trained networks have learned: templates, sparseness, what they rely on, and how they detect spikes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurodepth import metrics, surrogate, training
from neurodepth.inspection import ablation, detection, sparsity, templates
from neurodepth.synapse_types import SynapseTypes
from neurodepth.trials import Trials

N_TEMPLATES = 8
MOST_LAGS = 50
ABLATION_TRIALS, SPARSITY_TRIALS = 50, 10
SPARSITY_COLUMNS = ("sparsity_depth", "sparsity_layer", "silent_fraction", "lifetime_sparseness")
ABLATION_COLUMNS = (
    *("ablation_depth", "ablation_region", "ablation_auc", "ablation_auc_low", "ablation_auc_high"),
    "ablation_variance_explained",
)


def choose(network_paths: Sequence[str | Path]) -> dict[int, Path]:
    """The network to be shown of each depth: the first seed on the largest training set, shallow ones first."""
    described = {Path(path): json.loads(Path(path).with_suffix(".json").read_text()) for path in network_paths}
    largest = max(one["training_trials"] for one in described.values())
    chosen: dict[int, Path] = {}
    for path, one in sorted(described.items(), key=lambda item: (item[1]["depth"], item[1]["seed"])):
        if one["training_trials"] == largest:
            chosen.setdefault(one["depth"], path)
    return chosen


def inspect(network_paths: dict[int, Path], test: Trials, types: SynapseTypes, seed: int) -> dict[str, np.ndarray]:
    """Inspect the networks of a cell as `learned.npz` holds it; docs/analysis.md says what each array is.

    Args:
        network_paths: One network of each depth.
        test: Test trials.
        types: Of the synapses.
        seed: Of the draws behind the intervals.
    """
    kept = slice(metrics.WARM_UP_MS, None)
    spikes = test.spikes()[:, kept]
    found: dict[str, list[Any]] = {name: [] for name in ("auc", "threshold", "hit_rate", "ablation", "sparsity")}
    for depth, path in network_paths.items():
        model, scaling = surrogate.load(path)
        logit = training.predict(model, test, scaling)[0][:, kept]
        found["auc"].append(float(metrics.count_pairs(logit, spikes).auc()))
        found["threshold"].append(metrics.operating_threshold(logit, spikes))
        found["hit_rate"].append(detection.hit_rates(logit, spikes))
        some = test.first(min(len(test), ABLATION_TRIALS))
        rng = np.random.default_rng(np.random.SeedSequence([seed, 3]))  # the same trials for every depth
        for name, scores in ablation.ablate(model, some, scaling, types, rng).items():
            found["ablation"].append((depth, name, *scores))
        some = test.first(min(len(test), SPARSITY_TRIALS))
        for number, one in enumerate(zip(*sparsity.measure(model, some), strict=True), start=1):
            found["sparsity"].append((depth, number, *one))
    depths = list(network_paths)
    best = depths[int(np.argmax(np.nan_to_num(found["auc"])))]
    return (
        {"depth": np.array(best)}
        | _describe_templates(network_paths[best], test, types)
        | _columns(found["sparsity"], SPARSITY_COLUMNS)
        | _columns(found["ablation"], ABLATION_COLUMNS)
        | {
            "roc_depth": np.array(depths),
            "roc_auc": np.array(found["auc"], np.float32),
            "roc_threshold_logit": np.array(found["threshold"], np.float32),
            "roc_false_positive_rate": detection.FALSE_POSITIVE_RATES.astype(np.float32),
            "roc_hit_rate": np.array(found["hit_rate"], np.float32),
        }
    )


def _describe_templates(path: Path, test: Trials, types: SynapseTypes) -> dict[str, np.ndarray]:
    model, _ = surrogate.load(path)
    found = templates.find(model, test, N_TEMPLATES)
    step = -(-found.effect.shape[1] // MOST_LAGS)
    effect, template = _thin(found.effect, step), _thin(found.template, step)
    return {
        "lag_ms": _thin(np.arange(found.effect.shape[1], dtype=np.float32), step),
        "effect": effect.astype(np.float16),
        "template": template.astype(np.float16),
        "template_weight": found.weight.astype(np.float32),
        "type_names": np.array(types.names),
        "effect_by_type": types.mean(effect).astype(np.float32),
        "template_by_type": np.stack([types.mean(one) for one in template]).astype(np.float32),
    }


def _thin(values: np.ndarray, step: int) -> np.ndarray:
    """Mean of every `step` values along the last axis; the last mean may be one of fewer."""
    starts = np.arange(0, values.shape[-1], step)
    count = np.diff(np.append(starts, values.shape[-1]))
    return (np.add.reduceat(values, starts, axis=-1) / count).astype(np.float32)


def _columns(rows: list[tuple[Any, ...]], names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Rows of values as one array a column, numbers in single precision."""
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return {
        name: column.astype(np.float32) if column.dtype == np.float64 else column
        for name, column in zip(names, columns, strict=True)
    }
