"""Trained networks held against test trials, and the files in which that is kept."""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from neurodepth import convergence, metrics
from neurodepth.coverage import Sampling
from neurodepth.depth import Criterion, Verdict
from neurodepth.networks import cost
from neurodepth.scores import Evaluation
from neurodepth.trials import Trials

log = logging.getLogger(__name__)

MS_PER_H = 3_600_000
OWN_COUNTS = ("wins", "voltage_residual")  # what the verdict resamples, of each network and of all
SHARED_COUNTS = ("positives", "negatives", "voltage_mean", "voltage_square")
NAMES = ("depth", "training_trials", "seed")  # what tells the networks of a cell apart
ARCHITECTURE = (
    "network",
    "type",
    "depth",
    "training_trials",
    "parameters",
    "multiply_adds_per_ms",
)  # one for all seeds
COMPLEXITY = tuple(f"functional_complexity_index{end}" for end in ("", "_low", "_high"))
MEANS = [
    *("training_h", "hit_rate", "soma_rmse_mv", "average_precision"),
    *("correlogram_width_ms", "correlogram_lag_ms", "calibration_error", "brier_score"),
    *COMPLEXITY,
    "event_multiply_adds_per_ms",
]


@dataclass(frozen=True)
class Scored:
    """One network held against test trials.

    Attributes:
        row: Its row in evaluation.csv or baselines.csv; docs/metrics.md defines the columns.
        counts: Its spike predictions compared pair by pair.
        voltage: Its voltage predictions compared trial by trial.
        curves: Its correlogram (x lag in ms, y predicted spikes per true spike) and reliability curve (x predicted
            probability, y fraction of milliseconds with a spike, count of milliseconds), with the names of the network.
    """

    row: dict[str, Any]
    counts: metrics.PairCounts
    voltage: metrics.VoltageSums
    curves: pd.DataFrame

    def evaluation(self) -> Evaluation:
        """What the verdict resamples; nothing is said of its training."""
        depth, training_trials, seed = (self.row[key] for key in NAMES)
        return Evaluation(depth, training_trials, seed, self.counts, self.voltage)


def evaluate_network(model_path: str | Path, test: Trials, seed: int) -> tuple[Scored, dict[str, np.ndarray]]:
    """Score one network on test trials, from 500 ms on.

    Args:
        model_path: Of the network; its description lies beside it.
        test: Trials that neither its training nor the choice of its weights has used.
        seed: Of the draws behind the functional complexity index.

    Returns:
        Its scores; and its predictions: `spike_logit` and `voltage_mv`, float32, shape (trials, time).
    """
    from neurodepth import surrogate, training  # TensorFlow takes seconds to import: the verdict does without

    description = surrogate.describe(model_path)
    model, scaling = surrogate.load(model_path)
    logit, voltage_mv = training.predict(model, test, scaling)
    names = {key: description[key] for key in NAMES}
    scored = score(names, logit, voltage_mv, test, np.random.default_rng(np.random.SeedSequence([seed, 2])))
    kind = {"network": description["network"], "type": description["architecture"]["type"]}
    scored = replace(scored, row=kind | scored.row | asdict(count_cost(description, test)))
    return scored, {"spike_logit": logit, "voltage_mv": voltage_mv}


def warn_of_two_precisions(model_paths: Iterable[str | Path]) -> None:
    """Log a warning where networks of one cell were trained in different precisions, as on two kinds of processors."""
    from neurodepth import surrogate

    found = sorted({surrogate.describe(path)["precision"] for path in model_paths})
    if len(found) > 1:
        log.warning("networks were trained in %s: set training.precision to one of them and train again", found)


def count_cost(description: dict[str, Any], test: Trials) -> cost.Cost:
    """Count parameters and multiply-adds of a network at the mean rate of the events of test trials.

    Args:
        description: What `training.save` was given: architecture, depth and, where it has one, synapse_group.
        test: Trials.
    """
    n_events = sum(len(events.time_ms) for events in test.events)
    event_rate_hz = 1000 * n_events / (test.n_synapses * len(test) * test.duration_ms)
    architecture, depth = description["architecture"], description["depth"]
    return cost.count(architecture, depth, test.n_synapses, event_rate_hz, description.get("synapse_group"))


def score(
    names: dict[str, int], logit: np.ndarray, voltage_mv: np.ndarray, test: Trials, rng: np.random.Generator
) -> Scored:
    """Score predictions against test trials.

    Where no millisecond holds a spike, all that is said of spikes but the calibration is NaN.

    Args:
        names: The network's depth, training_trials and seed.
        logit: Of the predicted spike probability, shape (trials, time).
        voltage_mv: Predicted soma voltage, shape (trials, time).
        test: The same trials of the cell.
        rng: Of the draws behind the functional complexity index.
    """
    kept = slice(metrics.WARM_UP_MS, None)
    logit, spikes = logit[:, kept].astype(float), test.spikes()[:, kept]
    probability = special.expit(logit)
    counts = metrics.count_pairs(logit, spikes)
    voltage = metrics.sum_voltage(voltage_mv[:, kept], test.soma_voltage_mv[:, kept])
    threshold = metrics.operating_threshold(logit, spikes)
    predicted = logit > threshold
    correlogram = metrics.correlogram(predicted, spikes)
    width_ms, lag_ms = metrics.correlogram_width(correlogram, predicted.mean())
    complexity = (np.nan, np.nan, np.nan)
    if names["depth"] == metrics.COMPLEXITY_DEPTH:
        complexity = metrics.functional_complexity_index(counts, rng)
    row = names | {
        "auc": float(counts.auc()),
        "hit_rate": metrics.hit_rate(logit, spikes),
        "soma_rmse_mv": voltage.rmse_mv(),
        "variance_explained": float(voltage.variance_explained()),
        "training_h": names["training_trials"] * test.duration_ms / MS_PER_H,
        "test_h": len(test) * test.duration_ms / MS_PER_H,
        "output_rate_hz": float(metrics.output_rates_hz(test.spike_time_ms, test.duration_ms).mean()),
        "average_precision": metrics.average_precision(logit, spikes),
        "correlogram_width_ms": width_ms,
        "correlogram_lag_ms": lag_ms,
        "calibration_error": metrics.calibration_error(probability, spikes),
        "brier_score": metrics.brier_score(probability, spikes),
        **dict(zip(COMPLEXITY, complexity, strict=True)),
    }
    lags_ms = np.arange(len(correlogram)) - metrics.CORRELOGRAM_MS
    predicted_p, observed_p, n_bins = metrics.reliability(probability, spikes)
    curves = [
        pd.DataFrame({"curve": "correlogram", "x": lags_ms, "y": correlogram}),
        pd.DataFrame({"curve": "reliability", "x": predicted_p, "y": observed_p, "count": n_bins}),
    ]
    return Scored(row, counts, voltage, pd.concat(curves).assign(**names))


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


def write_counts(path: str | Path, scored: Sequence[Scored]) -> None:
    """Write what the verdict resamples, of networks in the order of the rows of their table."""
    np.savez_compressed(
        path,
        wins=np.stack([one.counts.wins for one in scored]),
        voltage_residual=np.stack([one.voltage.residual for one in scored]),
        positives=scored[0].counts.positives,
        negatives=scored[0].counts.negatives,
        voltage_mean=scored[0].voltage.mean,
        voltage_square=scored[0].voltage.square,
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


def read_evaluations(
    table_path: str | Path,
    counts_path: str | Path,
    history_paths: Sequence[str | Path],
    updates: int,
    sampling: Sampling,
    criterion: Criterion,
) -> tuple[pd.DataFrame, list[Evaluation]]:
    """Read what is known of all networks of one cell.

    Args:
        table_path: One row a network.
        counts_path: What `write_counts` wrote.
        history_paths: Of their trainings, at depth_D/trials_N/seed_S.csv.
        updates: That each was given.
        sampling: Of the windows that each was trained on.
        criterion: Names the measures whose loss may still fall, and the confidence at which it does.

    Raises:
        ValueError: If the files do not belong together.
    """
    table = pd.read_csv(table_path)
    histories = {"/".join(Path(path).parts[-3:]): path for path in history_paths}
    with np.load(counts_path) as stored:
        shared, own = [stored[name] for name in SHARED_COUNTS], [stored[name] for name in OWN_COUNTS]
    if len(table) != len(own[0]):
        raise ValueError(
            f"{counts_path} holds {len(own[0])} networks, {table_path} {len(table)}: delete both and run again"
        )
    evaluations = []
    for depth, trials, seed, wins, residual in zip(*(table[name] for name in NAMES), *own, strict=True):
        key = f"depth_{depth}/trials_{trials}/seed_{seed}.csv"
        if key not in histories:
            raise ValueError(f"{table_path} names a network without a history, {key}: delete the table and run again")
        counts, voltage = metrics.PairCounts(wins, *shared[:2]), metrics.VoltageSums(residual, *shared[2:])
        history = pd.read_csv(histories[key])
        improvement = convergence.improvement(history, updates, criterion.confidence, criterion.largest_errors)
        done = int(history["updates"].iloc[-1])
        passes, seen = sampling.passes(updates, trials), sampling.seen(done, trials)
        evaluations.append(Evaluation(depth, trials, seed, counts, voltage, improvement, passes, seen))
    return table, evaluations


def tabulate_accuracy(accuracy: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Join the resampled scores and their intervals with the other figures, averaged over seeds.

    Args:
        accuracy: What `scores.tabulate` returns.
        table: One row a network, as `evaluate_network` gives it.
    """
    means = table.groupby(list(ARCHITECTURE))[MEANS].mean().reset_index()
    return accuracy.merge(means, on=["depth", "training_trials"])


def summarise(
    verdict: Verdict, accuracy: pd.DataFrame, table: pd.DataFrame, data_needed: pd.DataFrame
) -> dict[str, Any]:
    """The entry of one cell in `verdict.json`; what is not known is None, an amount of data that none reaches `never`."""
    largest = accuracy[accuracy["training_trials"] == accuracy["training_trials"].max()]
    best = largest.sort_values("auc", ascending=False, kind="stable").iloc[0]
    needed = data_needed.set_index("depth").filter(like="data_needed_h")
    entry = asdict(verdict) | {
        "best_depth": int(best["depth"]),
        "best_auc": float(best["auc"]),
        "training_h": float(table["training_h"].max()),
        "test_h": float(table["test_h"].iloc[0]),
        "output_rate_hz": float(table["output_rate_hz"].iloc[0]),
        "data_needed_h": {str(depth): list(row) for depth, row in zip(needed.index, needed.to_numpy(), strict=True)},
    }
    return {key: _plain(value) for key, value in entry.items()}


def _plain(value: Any) -> Any:
    """What JSON can hold."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return None if np.isnan(value) else "never" if np.isinf(value) else float(value)
    return value
