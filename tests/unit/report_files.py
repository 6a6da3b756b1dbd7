"""Result files of a study that never ran, small, for the tests of the report."""

import html
import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from neurodepth import data_comparison, report, trust
from neurodepth.report import results
from neurodepth.synapse_types import SynapseTypes
from neurodepth.trust.confidence import ErrorModel
from neurodepth.trust.familiarity import Limits, Places

DURATION_MS = 2400
DEPTHS = (1, 3)
CELLS = (
    ("l5pc", "nmda", None, [1, None], "limited by data", "Limited by data: depth 3 still gains <b>AUC</b> & more."),
    ("lif", "default", 1, [1, 1], "reached", "Depth 1 reaches AUC 0.9970; it is the shallowest tried."),
)
CRITERION = {"auc": 0.991, "confidence": 0.95, "resamples": 200, "further_doublings": 3}
NPZ = ("tree", "played", "learned", "statistics", "experiments")
ENDINGS = dict.fromkeys(NPZ, ".npz") | {"trust": ".json"}
N_SYNAPSES, N_EXCITATORY = 20, 10
REGIONS = ("soma", "basal", "basal", "trunk", "trunk", "oblique", "tuft", "tuft", "tuft", "tuft")
LAGS_MS = np.arange(12.0)
TYPES = [
    f"{region} {kind}" for kind in ("excitatory", "inhibitory") for region in ("basal", "trunk", "oblique", "tuft")
]


def write_study(folder: Path, cells: Sequence[tuple] = CELLS) -> Path:
    """Write the files of a study; those called lif are point neurons."""
    rng = np.random.default_rng(1)
    rows, compared, needed, statistics = [], [], [], {}
    for cell, variant, *_ in cells:
        own = folder / cell / variant
        own.mkdir(parents=True)
        np.savez(own / "example.npz", **_example(rng))
        is_point = cell == "lif"
        np.savez(own / "tree.npz", **(_point() if is_point else tree()))
        np.savez(own / "played.npz", **_played(rng, is_point))
        np.savez(own / "learned.npz", **_learned(rng, is_point))
        statistics[cell, variant] = _statistics(rng, is_point)
        np.savez(own / "statistics.npz", **statistics[cell, variant])
        np.savez(own / "experiments.npz", **_experiments(rng))
        _curves().to_csv(own / "curves.csv", index=False)
        trust.write(own / "trust.json", _trust())
        tried = [(1.0, 3.1, 0.5, 8), (0.5, 0.93, 0.21, 16)]
        pd.DataFrame(tried, columns=results.TUNED_COLUMNS).to_csv(own / "output_rates.csv", index=False)
        for depth in DEPTHS:
            for trials in (10, 20):
                history_path = own / f"networks/depth_{depth}/trials_{trials}/seed_1.csv"
                history_path.parent.mkdir(parents=True)
                _history().to_csv(history_path, index=False)
                auc = 0.97 + 0.004 * depth + 0.0002 * trials
                rows.append(
                    (
                        *(cell, variant, depth, trials, trials / 600, auc, auc - 0.01, auc + 0.005),
                        *(0.6, 2.0, 0.8, 2, 5000, trials),
                    )
                )
            compared.append(
                (
                    cell,
                    variant,
                    "tcn",
                    "tcn",
                    depth,
                    auc,
                    auc - 0.01,
                    auc + 0.005,
                    5000 * depth,
                    900,
                    700.5 * depth,
                    True,
                    True,
                )
            )
            needed.append((cell, variant, depth, np.inf, 40.0, np.inf, np.nan, np.nan, np.nan))
        seeds = [
            (depth, trials, seed, 0.97 + 0.004 * depth + 0.001 * seed, 0.03)
            for depth in DEPTHS
            for trials in (10, 20)
            for seed in (1, 2)
        ]
        pd.DataFrame(seeds, columns=results.EVALUATION_COLUMNS).to_csv(own / "evaluation.csv", index=False)
    pd.DataFrame(rows, columns=results.ACCURACY_COLUMNS).to_csv(folder / "accuracy_vs_depth.csv", index=False)
    pd.DataFrame(compared, columns=results.COMPARISON_COLUMNS).to_csv(folder / "pareto.csv", index=False)
    pd.DataFrame(needed, columns=results.DATA_NEEDED_COLUMNS).to_csv(folder / "data_needed.csv", index=False)
    ranked = [
        (cell, variant, *((0.6, 0.5, 0.7) if cell == "l5pc" else (np.nan,) * 3), 12575.5, 29872.3, 193, 1278)
        for cell, variant, *_ in cells
    ]
    pd.DataFrame(ranked, columns=results.NEURONS_COLUMNS).to_csv(folder / "neurons.csv", index=False)
    bars = [
        (cell, variant, bar, *answer)
        for cell, variant, *_ in cells
        for bar, answer in (
            (0.9, ("reached", 1, 1, 1)),
            (0.99, ("undecided", None, 3, None)),
            (0.999, ("not reached", *[None] * 3)),
        )
    ]
    pd.DataFrame(bars, columns=results.DEPENDENCE_COLUMNS).to_csv(folder / "depth_by_criterion.csv", index=False)
    data_comparison.tabulate(statistics).to_csv(folder / "data.csv", index=False)
    (folder / "verdict.json").write_text(json.dumps(_verdict(cells)))
    benchmark_path = folder / "benchmarks/train_network/lif/default/depth_1.tsv"
    benchmark_path.parent.mkdir(parents=True)
    benchmark_path.write_text("s\th:m:s\tmax_rss\tcpu_time\n75.5\t0:01:15\t812.0\t80.25\n")
    return folder


def write_report(
    study: Path,
    report_path: Path,
    cells: Sequence[tuple] = CELLS,
    files: Sequence[str] = (*NPZ, "curves", "evaluation", "trust"),
    example: str = "example.npz",
    unusual_path: Path | None = None,
    tables: Sequence[str] = (),
) -> Path:
    """Write the report of a study; `files` and `tables` say which of the optional ones it is given."""
    conditions = []
    for cell, variant, *_ in cells:
        own = study / cell / variant
        optional = {f"{name}_path": own / f"{name}{ENDINGS.get(name, '.csv')}" for name in files}
        conditions.append(
            report.Condition(
                cell,
                variant,
                own / example,
                sorted(own.rglob("seed_*.csv")),
                None if cell == "lif" else unusual_path,
                tuned_path=own / "output_rates.csv" if cell == "lif" and files else None,
                **optional,
            )
        )
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder)
        for name in ("verdict.json", "accuracy_vs_depth.csv", *(TABLES[one] for one in tables)):
            shutil.copy(study / name, given)
        shutil.copytree(study / "benchmarks", given / "benchmarks")
        report.write_report(given, conditions, report_path, report_path.parent / "figures")
    return report_path


TABLES = {
    "comparison": "pareto.csv",
    "data_needed": "data_needed.csv",
    "dependence": "depth_by_criterion.csv",
    "neurons": "neurons.csv",
    "data": "data.csv",
}


def configuration_on(page: str) -> str:
    """The configuration that a reader would copy from a page."""
    return html.unescape(re.search(r"<summary>Configuration</summary>.*?<pre[^>]*>(.*?)</pre>", page, re.DOTALL)[1])


def tree() -> dict[str, np.ndarray]:
    """A soma with ten segments about it, one excitatory and one inhibitory synapse on each."""
    n = len(REGIONS)
    angle = np.linspace(0, 2 * np.pi, n)
    height_um = np.array([0, -60, -90, 80, 200, 220, 300, 360, 320, 380.0])
    end = np.column_stack([60 * np.cos(angle), height_um, 40 * np.sin(angle)])
    return {
        "segment_section": np.arange(n),
        "segment_start_um": end * 0.6,
        "segment_end_um": end,
        "segment_diameter_um": np.linspace(8, 0.5, n),
        "segment_parent": np.arange(n) - 1,
        "segment_region": np.array(REGIONS),
        "segment_distance_um": np.abs(height_um),
        "segment_area_um2": np.full(n, 100.0),
        "density_names": np.array(["leak", "Ih"]),
        "density_units": np.array(["S/cm2", "S/cm2"]),
        "density_s_per_cm2": np.stack([np.full(n, 1e-4), np.linspace(0, 5e-3, n)]),
        "synapse_segment": np.tile(np.arange(n), 2),
        "synapse_excitatory": np.arange(N_SYNAPSES) < N_EXCITATORY,
        "rate_hz": np.linspace(2, 0.5, N_SYNAPSES),
    }


def _point() -> dict[str, np.ndarray]:
    described = tree()
    one = {name: values[:1] for name, values in described.items() if name.startswith("segment_")}
    none = {
        "density_names": np.array([], "U1"),
        "density_units": np.array([], "U1"),
        "density_s_per_cm2": np.zeros((0, 1)),
    }
    return described | one | none | {"synapse_segment": np.zeros(N_SYNAPSES, int)}


def _played(rng: np.random.Generator, is_point: bool) -> dict[str, np.ndarray]:
    n_trials, n_events = 2, 400
    played = {
        "trial_index": np.array([4, 7]),
        "duration_ms": np.array(DURATION_MS),
        "event_trial": np.sort(rng.integers(n_trials, size=n_events)).astype(np.uint8),
        "event_time_ms": rng.integers(DURATION_MS, size=n_events),
        "event_synapse": rng.integers(N_SYNAPSES, size=n_events),
        "soma_voltage_mv": rng.normal(-65, 3, (n_trials, DURATION_MS)).astype(np.float16),
        "spike_trial": np.array([0, 0, 1]),
        "spike_time_ms": np.array([700.4, 1600.0, 900.0]),
        "depths": np.array(DEPTHS),
        "probability": rng.uniform(0, 0.1, (len(DEPTHS), n_trials, DURATION_MS)),
        "predicted_voltage_mv": rng.normal(-65, 3, (len(DEPTHS), n_trials, DURATION_MS)),
        "predicted_spike_depth": np.array([1, 3, 3]),
        "predicted_spike_trial": np.array([0, 0, 1]),
        "predicted_spike_time_ms": np.array([702, 1601, 905]),
    }
    if is_point:
        return played
    return played | {
        "segment_voltage_mv": rng.integers(-80, -30, (n_trials, DURATION_MS // 2, len(REGIONS))).astype(np.int8),
        "segment_voltage_offset_mv": np.array(0.0),
        "segment_voltage_step_mv": np.array(1.0),
        "segment_voltage_sample_ms": np.array(2),
        "segment_voltage_segment": np.arange(len(REGIONS)),
    }


def _learned(rng: np.random.Generator, is_point: bool) -> dict[str, np.ndarray]:
    types = ["soma excitatory", "soma inhibitory"] if is_point else TYPES
    kernel = LAGS_MS * np.exp(-LAGS_MS / 3)
    sign = np.where(np.arange(N_SYNAPSES) < N_EXCITATORY, 1, -1)
    effect = sign[:, None] * kernel * rng.uniform(0.5, 1, (N_SYNAPSES, 1))
    by_type = np.array([1 if one.endswith("excitatory") else -1 for one in types])[:, None] * kernel
    left_out = ["none", *types]
    return {
        "depth": np.array(3),
        "lag_ms": LAGS_MS,
        "effect": effect.astype(np.float16),
        "template": np.stack([effect, -effect]).astype(np.float16),
        "template_weight": np.array([1.0, 0.5]),
        "type_names": np.array(types),
        "effect_by_type": by_type,
        "template_by_type": np.stack([by_type, -by_type]),
        "sparsity_depth": np.array([1, 3, 3, 3]),
        "sparsity_layer": np.array([1, 1, 2, 3]),
        "silent_fraction": np.array([0.5, 0.4, 0.6, 0.8]),
        "lifetime_sparseness": np.array([0.3, 0.4, 0.5, 0.6]),
        "ablation_depth": np.repeat(DEPTHS, len(left_out)),
        "ablation_region": np.array(left_out * len(DEPTHS)),
        "ablation_auc": np.linspace(0.98, 0.6, len(left_out) * len(DEPTHS)),
        "ablation_auc_low": np.linspace(0.97, 0.55, len(left_out) * len(DEPTHS)),
        "ablation_auc_high": np.linspace(0.99, 0.65, len(left_out) * len(DEPTHS)),
        "ablation_variance_explained": np.linspace(0.9, 0.2, len(left_out) * len(DEPTHS)),
        "roc_depth": np.array(DEPTHS),
        "roc_auc": np.array([0.97, 0.98]),
        "roc_threshold_logit": np.array([-2.0, -2.0]),
        "roc_false_positive_rate": np.append(0, np.geomspace(1e-4, 1, 9)),
        "roc_hit_rate": np.stack([np.linspace(0.2, 1, 10), np.linspace(0.3, 1, 10)]),
    }


def _statistics(rng: np.random.Generator, is_point: bool) -> dict[str, np.ndarray]:
    types = ["soma excitatory", "soma inhibitory"] if is_point else TYPES
    split = np.repeat([0, 1, 2], [20, 5, 10])
    return {
        "split_names": np.array(["train", "validation", "test"]),
        "type_names": np.array(types),
        "hours": np.array([0.033, 0.008, 0.017]),
        "n_spikes": np.array([100, 25, 50]),
        "interval_coefficient_of_variation": np.array([1.1, 0.9, np.nan]),
        "interval_edges_ms": np.geomspace(1, 10_000, 13),
        "interval_count": rng.integers(1, 20, (3, 12)),
        "voltage_edges_mv": np.arange(-100.0, 61.0, 10),
        "voltage_count": rng.integers(1, 2000, (3, 16)),
        "trial_split": split,
        "output_rate_hz": rng.gamma(2, 1, len(split)),
        "input_rate_hz": rng.gamma(4, 0.3, (len(split), len(types))),
    }


def _experiments(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Two experiments of two points a line, on both kinds of background."""
    names = np.repeat(["direction", "gain"], 4)
    found = {
        "experiment": np.tile(names, 2),
        "series": np.tile(np.repeat(["one way", "the other"], 2), 4),
        "x": np.tile([1.0, 2.0], 8),
        "background": np.repeat(["silence", "background"], 8),
        "depth": np.array(DEPTHS),
        "n_backgrounds": np.array(8),
        "cell_linear_sum_mv": np.full(16, np.nan),
    }
    for name in ("epsp_mv", "epsp_mv_error", "spikes", "spikes_error"):
        found |= {f"cell_{name}": rng.random(16), f"surrogate_{name}": rng.random((len(DEPTHS), 16))}
    return found


def _trust():
    """Each depth alone, and depth 1 with two seeds; all kinds of synapses reach from 9 to 25 events in 500 and in 50 ms."""
    kinds = SynapseTypes(("basal excitatory", "basal inhibitory"), np.arange(N_SYNAPSES) // N_EXCITATORY)
    places = Places(kinds, np.zeros(N_SYNAPSES, int), np.arange(N_SYNAPSES) < N_EXCITATORY)
    reach = np.ones((2, len(places.names)))
    limits = Limits(places.names, np.full(len(places.names), 4.0), reach)
    alone = [
        trust.Calibrated("tcn", depth, 20, (f"{depth}",), 1, ErrorModel(2.0 / depth, 0.0, 1.5, 0.9)) for depth in DEPTHS
    ]
    together = trust.Calibrated("tcn", 1, 20, ("1", "2"), 2, ErrorModel(1.2, 0.5, 1.5, 0.9))
    return trust.Trust(places, limits, 20, (*alone, together))


def _curves() -> pd.DataFrame:
    parts = []
    for depth in DEPTHS:
        lag = np.arange(-50, 51)
        parts.append(
            pd.DataFrame({"curve": "correlogram", "x": lag, "y": np.exp(-((lag / depth) ** 2))}).assign(depth=depth)
        )
        x = np.linspace(0.05, 0.95, 10)
        parts.append(pd.DataFrame({"curve": "reliability", "x": x, "y": x**1.2, "count": 1000}).assign(depth=depth))
    return pd.concat(parts).assign(training_trials=20, seed=1)


def _example(rng: np.random.Generator) -> dict[str, object]:
    return {
        "trial_index": 4,
        "n_synapses": N_SYNAPSES,
        "n_excitatory": N_EXCITATORY,
        "event_time_ms": rng.integers(DURATION_MS, size=400),
        "event_synapse": rng.integers(N_SYNAPSES, size=400),
        "spike_time_ms": np.array([700.4, 1600.0, 1700.5, 1800.1]),
        "true_voltage_mv": rng.normal(-65, 3, DURATION_MS),
        "depths": np.array(DEPTHS),
        "predicted_voltage_mv": rng.normal(-65, 3, (len(DEPTHS), DURATION_MS)),
        "spike_probability": rng.uniform(0, 0.1, (len(DEPTHS), DURATION_MS)),
    }


def _history() -> pd.DataFrame:
    epochs = np.arange(1, 4)
    losses = {"training_loss": 1 / epochs, "validation_spike_loss": 0.1 / epochs, "validation_auc": 1 - 0.1 / epochs}
    return pd.DataFrame({"epoch": epochs, "updates": 50 * epochs, **losses})


def _verdict(cells: Sequence[tuple]) -> dict[str, object]:
    facts = {"description": "A cell", "training_h": 0.03, "test_h": 0.02, "output_rate_hz": 1.1}
    told = [
        dict(zip(("cell", "variant", "required_depth", "interval", "status", "reason"), cell, strict=True))
        | facts
        | {"best_auc": 0.98, "best_depth": 1}
        | ({"ceiling_auc": 0.9501, "ceiling_variance_explained": 0.31} if cell[0] == "l5pc" else {})
        for cell in cells
    ]
    provenance = {"versions": {"python": "3.11"}, "commit": "abc", "processor": "a processor"}
    return {"criterion": CRITERION, "cells": told, "configuration": {"seed": 1, "training_seeds": [1, 2]}, **provenance}
