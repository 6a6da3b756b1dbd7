"""Result files that the report reads, checked where they are opened."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodepth import data_comparison, result_files
from neurodepth.figures import Example, History

VERDICT_KEYS = ("criterion", "cells", "configuration", "versions", "commit", "processor")
CELL_KEYS = (
    *("cell", "variant", "description", "required_depth", "interval", "status", "reason"),
    *("training_h", "test_h", "output_rate_hz", "best_auc", "best_depth"),
)
ACCURACY_COLUMNS = (
    *("cell", "variant", "depth", "training_trials", "training_h", "auc", "auc_low", "auc_high"),
    *("hit_rate", "soma_rmse_mv", "variance_explained", "seeds", "parameters", "trials_at_equal_passes"),
)
COMPARISON_COLUMNS = (
    *("cell", "variant", "network", "type", "depth", "auc", "auc_low", "auc_high"),
    *("parameters", "multiply_adds_per_ms", "event_multiply_adds_per_ms"),
    *("on_front_of_parameters", "on_front_of_event_multiply_adds_per_ms"),
)
DATA_NEEDED_COLUMNS = (
    *("cell", "variant", "depth", "data_needed_h", "data_needed_h_low", "data_needed_h_high"),
    *("auc_asymptote", "auc_asymptote_low", "auc_asymptote_high"),
)
DEPENDENCE_COLUMNS = (
    *("cell", "variant", "criterion_auc", "status"),
    *("required_depth", "required_depth_low", "required_depth_high"),
)
NEURONS_COLUMNS = (
    *(
        "cell",
        "variant",
        "functional_complexity_index",
        "functional_complexity_index_low",
        "functional_complexity_index_high",
    ),
    *("dendritic_length_um", "dendritic_area_um2", "dendritic_branches", "synapses"),
)
DATA_COLUMNS = data_comparison.COLUMNS
TUNED_COLUMNS = ("factor", "output_rate_hz", "standard_error_hz", "trials")
CURVES_COLUMNS = ("curve", "x", "y", "count", "depth", "training_trials", "seed")
EVALUATION_COLUMNS = ("depth", "training_trials", "seed", "auc", "training_h")
UNUSUAL_COLUMNS = ("test_variant", "depth", "training_trials", "auc")
HISTORY_COLUMNS = ("updates", "training_loss", "validation_spike_loss", "validation_auc")
HISTORY_PATH = re.compile(r"networks/depth_(\d+)/trials_(\d+)/seed_(\d+)\.csv$")
CURE = "delete it and run snakemake again"


@dataclass(frozen=True)
class Condition:
    """A neuron of the study and its files.

    Attributes:
        cell: Name of the cell.
        variant: Variant of the cell.
        example_path: NPZ of one test trial with predictions.
        history_paths: CSV of each training, at networks/depth_D/trials_N/seed_S.csv.
        unusual_path: out_of_distribution.csv; None where networks are tested on their own input alone.
        tree_path: tree.npz, the segments and synapses of the cell.
        played_path: played.npz, test trials with what networks predict.
        learned_path: learned.npz, what the networks made of their input.
        statistics_path: statistics.npz, rates, intervals and voltages of the trials.
        curves_path: curves.csv, calibration and timing of each network.
        evaluation_path: evaluation.csv, the scores of each training seed.
        experiments_path: experiments.npz, classical experiments on cell and networks.
        tuned_path: output_rates.csv, the search for a target output rate.
        trust_path: trust.json, on what input and how far networks are to be trusted.

    A path that is None leaves its part of the report out.
    """

    cell: str
    variant: str
    example_path: Path
    history_paths: Sequence[Path]
    unusual_path: Path | None = None
    tree_path: Path | None = None
    played_path: Path | None = None
    learned_path: Path | None = None
    statistics_path: Path | None = None
    curves_path: Path | None = None
    evaluation_path: Path | None = None
    experiments_path: Path | None = None
    tuned_path: Path | None = None
    trust_path: Path | None = None

    @property
    def name(self) -> str:
        """Of its files and its page: `l5pc_nmda`."""
        return f"{self.cell}_{self.variant}"


def read_verdict(path: Path) -> dict[str, Any]:
    """Read verdict.json.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If something is missing in it.
    """
    verdict = json.loads(_existing(path).read_text())
    _require(path, verdict, VERDICT_KEYS)
    for cell in verdict["cells"]:
        _require(path, cell, CELL_KEYS)
    return verdict


def read_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a table that has at least some columns.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If a column is missing.
    """
    table = result_files.read_table(_existing(path))
    _require(path, table.columns, columns)
    return table


def read_unusual(path: Path) -> pd.DataFrame:
    """Read out_of_distribution.csv: AUC of the networks trained on all the data, averaged over seeds.

    Returns:
        One row a variant of the input, one column a depth.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If a column is missing.
    """
    table = read_table(path, UNUSUAL_COLUMNS)
    largest = table[table["training_trials"] == table["training_trials"].max()]
    return largest.pivot_table("auc", "test_variant", "depth", sort=False, dropna=False).sort_index(axis=1)


def read_example(path: Path) -> Example:
    """Read one test trial with its predictions.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If something is missing in it, or its lengths disagree.
    """
    with np.load(_existing(path)) as stored:
        _require(path, stored.files, tuple(Example.__annotations__))
        values = {name: stored[name] for name in Example.__annotations__}
    scalars = {name: int(value) for name, value in values.items() if value.ndim == 0}
    example = Example(**(values | scalars))
    expected = (len(example.depths), len(example.true_voltage_mv))
    for name in ("predicted_voltage_mv", "spike_probability"):
        if values[name].shape != expected:
            raise ValueError(f"{path}: {name} has shape {values[name].shape}, expected {expected}: {CURE}")
    return example


def read_history(path: Path) -> History:
    """Read one training's history; its depth, trials and seed stand in its path.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If the path or the columns are not as expected.
    """
    found = HISTORY_PATH.search(path.as_posix())
    if found is None:
        raise ValueError(f"{path}: a training history is expected at networks/depth_D/trials_N/seed_S.csv")
    table = pd.read_csv(_existing(path))
    _require(path, table.columns, HISTORY_COLUMNS)
    depth, trials, seed = map(int, found.groups())
    return History(depth, trials, seed, table)


def read_benchmarks(folder: Path) -> pd.DataFrame:
    """Read Snakemake's benchmark files, at RULE.tsv or RULE/CELL/VARIANT...tsv.

    Returns:
        One row a job with rule, neuron (`CELL/VARIANT`; empty if the job is of the whole study), total_s of wall time,
        processor_s and memory_mb, the largest resident set; empty if there is no such folder.
    """
    rows = []
    for path in sorted(folder.rglob("*.tsv")):
        rule, *place = path.relative_to(folder).with_suffix("").parts
        measured = (
            pd.read_csv(path, sep="\t")
            .reindex(columns=["s", "cpu_time", "max_rss"])
            .apply(pd.to_numeric, errors="coerce")
        )
        rows.append(
            (
                rule,
                "/".join(place[:2]),
                *map(float, (measured.s.sum(), measured.cpu_time.sum(min_count=1), measured.max_rss.max())),
            )
        )
    return pd.DataFrame(rows, columns=["rule", "neuron", "total_s", "processor_s", "memory_mb"])


def sum_benchmarks(jobs: pd.DataFrame, neuron: str) -> pd.DataFrame:
    """Cost of each rule for one neuron, `CELL/VARIANT`, with the jobs of the whole study.

    Returns:
        One row a rule with rule, jobs, total_s, processor_s and memory_mb, the longest first.
    """
    own = jobs[jobs.neuron.isin([neuron, ""])].groupby("rule", as_index=False)
    summed = own.agg(
        jobs=("total_s", "size"),
        total_s=("total_s", "sum"),
        processor_s=("processor_s", lambda one: one.sum(min_count=1)),
        memory_mb=("memory_mb", "max"),
    )
    return summed.sort_values("total_s", ascending=False)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: the report is made from it; run snakemake, which makes it first")
    return path


def _require(path: Path, found: Any, expected: Sequence[str]) -> None:
    missing = [name for name in expected if name not in found]
    if missing:
        raise ValueError(f"{path}: {', '.join(missing)} expected, found {', '.join(map(str, found))}: {CURE}")
