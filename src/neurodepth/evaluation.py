"""Trained networks held against test trials, and the files in which that is kept."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodepth import metrics
from neurodepth.dataset import Trials
from neurodepth.depth import Evaluation, Verdict

MS_PER_H = 3_600_000
MEANS = ["training_h", "hit_rate", "soma_rmse_mv", "variance_explained", "parameters"]


def evaluate_network(model_path: str | Path, test: Trials) -> tuple[dict[str, Any], metrics.PairCounts, dict[str, Any]]:
    """Score one network on test trials, from 500 ms on.

    Returns:
        One row of figures; the pair counts behind its AUC; and its predictions: `spike_logit` and
        `voltage_mv`, float32, shape (trials, time).
    """
    from neurodepth import training  # TensorFlow takes seconds to import: the verdict does without

    description = json.loads(Path(model_path).with_suffix(".json").read_text())
    model, scaling = training.load(model_path)
    logit, voltage_mv = training.predict(model, test, scaling)
    kept = slice(metrics.WARM_UP_MS, None)
    spikes = test.spikes()[:, kept]
    counts = metrics.count_pairs(logit[:, kept], spikes)
    rmse_mv, explained = metrics.voltage_errors(voltage_mv[:, kept], test.soma_voltage_mv[:, kept])
    row = {
        "depth": description["depth"],
        "training_trials": description["training_trials"],
        "seed": description["seed"],
        "auc": float(counts.auc()),
        "hit_rate": metrics.hit_rate(logit[:, kept], spikes),
        "soma_rmse_mv": rmse_mv,
        "variance_explained": explained,
        "parameters": model.count_params(),
        "training_h": description["training_trials"] * test.duration_ms / MS_PER_H,
        "test_h": len(test) * test.duration_ms / MS_PER_H,
        "output_rate_hz": 1000 * sum(map(len, test.spike_time_ms)) / (len(test) * test.duration_ms),
    }
    return row, counts, {"spike_logit": logit, "voltage_mv": voltage_mv}


def showing_order(model_path: str | Path) -> tuple[int, int]:
    """Sorting key that puts the network to be shown last: the first seed on the largest training set."""
    description = json.loads(Path(model_path).with_suffix(".json").read_text())
    return description["training_trials"], -description["seed"]


def choose_example(test: Trials) -> int:
    """Position of the test trial that shows most: the median spike count among trials with spikes after the warm-up."""
    n_spikes = test.spikes()[:, metrics.WARM_UP_MS :].sum(axis=1)
    order = np.argsort(n_spikes, kind="stable")
    spiking = order[n_spikes[order] > 0]
    return int(spiking[len(spiking) // 2]) if len(spiking) else 0


def write_counts(path: str | Path, counts: Sequence[metrics.PairCounts]) -> None:
    """Write the pair counts of networks, in the order of the rows of their table."""
    np.savez_compressed(
        path,
        wins=np.stack([one.wins for one in counts]),
        positives=counts[0].positives,
        negatives=counts[0].negatives,
    )


def write_example(path: str | Path, test: Trials, position: int, predictions: dict[int, dict[str, np.ndarray]]) -> None:
    """Write one test trial with what networks of each depth predict.

    Args:
        path: Where to, an npz file.
        test: Test trials.
        position: Which of them.
        predictions: For each depth, the trial's `spike_logit` and `voltage_mv`, shape (time,).
    """
    depths = sorted(predictions)
    logit = np.stack([predictions[depth]["spike_logit"] for depth in depths])
    np.savez_compressed(
        path,
        trial_index=test.index[position],
        n_synapses=test.n_synapses,
        n_excitatory=test.n_excitatory,
        event_time_ms=test.events[position].time_ms,
        event_synapse=test.events[position].synapse,
        spike_time_ms=test.spike_time_ms[position],
        true_voltage_mv=test.soma_voltage_mv[position],
        depths=depths,
        predicted_voltage_mv=np.stack([predictions[depth]["voltage_mv"] for depth in depths]),
        spike_probability=1 / (1 + np.exp(-logit)),
    )


def read_evaluations(table_path: str | Path, counts_path: str | Path) -> tuple[pd.DataFrame, list[Evaluation]]:
    """Read the figures and pair counts of all networks of one cell.

    Raises:
        ValueError: If the two files do not belong together.
    """
    table = pd.read_csv(table_path)
    with np.load(counts_path) as stored:
        wins, positives, negatives = stored["wins"], stored["positives"], stored["negatives"]
    if len(table) != len(wins):
        raise ValueError(
            f"{counts_path} holds {len(wins)} networks, {table_path} {len(table)}: delete both and run again"
        )
    evaluations = [
        Evaluation(
            int(row.depth), int(row.training_trials), int(row.seed), metrics.PairCounts(one, positives, negatives)
        )
        for row, one in zip(table.itertuples(), wins, strict=True)
    ]
    return table, evaluations


def tabulate_accuracy(accuracy: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Join the AUC and its interval with the other figures, averaged over seeds.

    Args:
        accuracy: What `depth.tabulate` returns.
        table: One row a network, as `evaluate_network` gives it.
    """
    means = table.groupby(["depth", "training_trials"])[MEANS].mean().reset_index()
    return accuracy.merge(means.astype({"parameters": int}), on=["depth", "training_trials"])


def summarise(verdict: Verdict, accuracy: pd.DataFrame, table: pd.DataFrame) -> dict[str, Any]:
    """The entry of one cell in `verdict.json`."""
    largest = accuracy[accuracy["training_trials"] == accuracy["training_trials"].max()]
    best = largest.loc[largest["auc"].idxmax()]
    return asdict(verdict) | {
        "best_depth": int(best["depth"]),
        "best_auc": float(best["auc"]),
        "training_h": float(table["training_h"].max()),
        "test_h": float(table["test_h"].iloc[0]),
        "output_rate_hz": float(table["output_rate_hz"].iloc[0]),
    }
