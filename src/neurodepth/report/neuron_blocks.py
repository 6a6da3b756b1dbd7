"""What the interactive figures of one neuron are drawn from, packed for the page; rich or poor, as there is room."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from neurodepth import learning_curve
from neurodepth.report import arrays, blocks, results
from neurodepth.report.arrays import Arrays
from neurodepth.report.results import Condition

FINE_STEPS = 4000  # of voltages and probabilities: 0.03 mV, 0.00025
SHARE_OF_TRIALS = 0.7  # of the room of a neuron; what the network learned gets the rest
# From rich to poor: trials to play and the time between two values of their dendrites' voltage, in ms ...
TRIALS_AND_STEPS_MS = ((4, 2), (4, 4), (2, 4), (2, 8), (1, 8), (1, 32))
# ... and templates of single filters and how many lags are kept, one in so many.
FILTERS_AND_STRIDES = ((8, 1), (8, 2), (4, 2), (0, 2), (0, 4))
LARGEST_TRIALS_CHARACTERS = 6_000_000
FITTED_DOUBLINGS = 3  # how far the learning curve is drawn beyond the data


def pack(condition: Condition, tables: dict[str, pd.DataFrame], room: int) -> Iterator[tuple[str, str]]:
    """Pack what there is of one neuron.

    Args:
        condition: Its files.
        tables: By name: accuracy, and where there are such files models, curves and evaluation.
        room: Characters that all blocks should take.

    Yields:
        Name, such as `tree`, and block.
    """
    yield "numbers", (numbers := blocks.pack(_numbers(condition, tables)))
    room -= len(numbers)
    if condition.tree_path:
        yield "tree", (tree := blocks.pack(_tree(arrays.read(condition.tree_path, arrays.TREE))))
        room -= len(tree)
    if condition.statistics_path:
        yield "statistics", (statistics := blocks.pack(arrays.read(condition.statistics_path, arrays.STATISTICS)))
        room -= len(statistics)
    if condition.learned_path:
        learned = arrays.read(condition.learned_path, arrays.LEARNED)
        choices = (blocks.pack(_learned(learned, *choice)) for choice in FILTERS_AND_STRIDES)
        yield "learned", (block := blocks.richest(choices, int((1 - SHARE_OF_TRIALS) * room)))
        room -= len(block)
    if condition.played_path:
        played = arrays.read(condition.played_path, arrays.PLAYED)
        choices = (blocks.pack(_played(played, *choice)) for choice in TRIALS_AND_STEPS_MS)
        yield "played", blocks.richest(choices, min(room, LARGEST_TRIALS_CHARACTERS))


def _numbers(condition: Condition, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """Columns of the tables, each under TABLE_COLUMN, the fitted learning curves and the histories of training."""
    packed = {
        f"{name}_{column}": table[column].to_numpy()
        for name, table in tables.items()
        for column in table.columns
        if column not in ("cell", "variant")
    }
    accuracy = tables["accuracy"]
    histories = [results.read_history(path) for path in condition.history_paths]
    return packed | {
        "fitted": [_fit(rows) for _, rows in accuracy.groupby("depth")],
        "histories": [
            {"depth": one.depth, "trials": one.training_trials, "seed": one.seed}
            | {name: _plain(one.table[name]) for name in results.HISTORY_COLUMNS}
            for one in histories
        ],
        "largest_trials": int(accuracy.training_trials.max()),
    }


def _fit(rows: pd.DataFrame) -> dict[str, Any]:
    """Learning curve of one depth, through its scores, on to more data than there were.

    The curve is one of data at equal passes, its axis one of data: between two amounts that were trained on, the
    logarithm of the one follows that of the other.
    """
    rows = rows.sort_values("training_trials")
    sizes = rows.trials_at_equal_passes.to_numpy(float)
    fitted = learning_curve.fit(sizes, (1 - rows.auc.to_numpy(float))[:, None])
    doublings = np.linspace(-np.log2(sizes[-1] / sizes[0]), FITTED_DOUBLINGS, 40)
    error = np.array([float(fitted.error_after(one)[0]) for one in doublings])
    known, hours = np.log2(sizes / sizes[-1]), np.log2(rows.training_h.to_numpy(float))
    hours = 2.0 ** np.where(doublings > 0, hours[-1] + doublings, np.interp(doublings, known, hours))
    return {"depth": int(rows.depth.iloc[0]), "training_h": _plain(hours), "auc": _plain(1 - error)}


def _plain(values: Any) -> list[float | None]:
    """What JSON holds: None for what is not a number."""
    return [float(f"{one:.6g}") if np.isfinite(one) else None for one in np.asarray(values, float)]


def _tree(tree: Arrays) -> dict[str, Any]:
    kept: dict[str, Any] = dict(tree)
    return kept | {
        "density_s_per_cm2": tree["density_s_per_cm2"].astype(np.float32),
        "segment_start_um": blocks.in_steps(tree["segment_start_um"], 60_000),
        "segment_end_um": blocks.in_steps(tree["segment_end_um"], 60_000),
    }


def _played(played: Arrays, n_trials: int, step_ms: int) -> dict[str, Any]:
    """The first trials; the dendrite's voltage once in so many milliseconds."""
    n_trials = min(n_trials, len(played["trial_index"]))
    kept: dict[str, Any] = {name: played[name] for name in ("duration_ms", "depths")} | {
        "trial_index": played["trial_index"][:n_trials]
    }
    for kind, names in (
        ("event", ("event_trial", "event_time_ms", "event_synapse")),
        ("spike", ("spike_trial", "spike_time_ms")),
        ("predicted_spike", ("predicted_spike_depth", "predicted_spike_trial", "predicted_spike_time_ms")),
    ):
        chosen = played[f"{kind}_trial"] < n_trials
        kept |= {name: played[name][chosen] for name in names}
    # By synapse, then by time: small differences, which compress better than events in the order of time.
    order = np.lexsort([kept[name] for name in ("event_time_ms", "event_synapse", "event_trial")])
    kept["event_trial"] = kept["event_trial"][order].astype(np.uint8)
    for name in ("event_time_ms", "event_synapse"):
        kept[name] = blocks.in_differences(kept[name][order])
    kept["soma_voltage_mv"] = blocks.in_steps(played["soma_voltage_mv"][:n_trials], FINE_STEPS)
    for name in ("probability", "predicted_voltage_mv"):
        kept[name] = blocks.in_steps(played[name][:, :n_trials], FINE_STEPS)
    if "segment_voltage_mv" in played:
        stored_ms = int(played["segment_voltage_sample_ms"])
        stride = max(1, step_ms // stored_ms)
        step, offset = (float(played[f"segment_voltage_{name}_mv"]) for name in ("step", "offset"))
        kept["segment_voltage_mv"] = blocks.Steps(played["segment_voltage_mv"][:n_trials, ::stride], step, offset)
        kept["segment_voltage_sample_ms"] = np.array(stride * stored_ms)
        kept["segment_voltage_segment"] = played["segment_voltage_segment"]
    return kept


def _learned(learned: Arrays, n_filters: int, stride: int) -> dict[str, Any]:
    """All but the templates, of which only the first, and once in so many lags; those by type are whole."""
    kept: dict[str, Any] = dict(learned)
    return kept | {
        "thin_lag_ms": learned["lag_ms"][::stride],
        "effect": blocks.in_steps(learned["effect"][:, ::stride]),
        "template": blocks.in_steps(learned["template"][:n_filters, :, ::stride]),
    }
