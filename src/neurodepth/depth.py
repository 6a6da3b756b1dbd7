"""The verdict: how deep a network a cell requires, with an interval, or why that cannot be said."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurodepth import metrics
from neurodepth.metrics import PairCounts


@dataclass(frozen=True)
class Criterion:
    """When a network counts as a good model of the cell.

    Attributes:
        auc: ROC AUC of spike prediction to reach.
        confidence: Of every statement, over test trials and training seeds.
        resamples: Bootstrap resamples.
        further_doublings: A depth is ruled out if this many more doublings of the training data, each with the gain
            of the last, would still leave it short of the criterion.
    """

    auc: float
    confidence: float
    resamples: int
    further_doublings: float


@dataclass(frozen=True)
class Evaluation:
    """One trained network on the test trials.

    Attributes:
        depth: Its layers.
        training_trials: Trials that it was trained on.
        seed: Of its training.
        counts: Its spike predictions compared pair by pair.
    """

    depth: int
    training_trials: int
    seed: int
    counts: PairCounts


@dataclass(frozen=True)
class Verdict:
    """What can be said about one cell.

    Attributes:
        required_depth: Smallest depth that meets the criterion, or None.
        interval: Smallest and largest depth that the data allow; the latter is None if no depth meets the criterion.
        status: `reached`, `limited by data`, `undecided` or `not reached`.
        reason: The same in a sentence, with the numbers.
    """

    required_depth: int | None
    interval: tuple[int | None, int | None]
    status: str
    reason: str


def resample_auc(evaluations: list[Evaluation], criterion: Criterion, seed: int) -> dict[tuple[int, int], np.ndarray]:
    """Bootstrap the AUC of every depth and training size over test trials and training seeds.

    All networks meet the same resampled trials, so that differences between them can be read resample by resample.

    Returns:
        For each (depth, training trials), one AUC a resample, shape (resamples,).
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    weights = metrics.resampled_trials(len(evaluations[0].counts.positives), criterion.resamples, rng)
    grouped: dict[tuple[int, int], list[np.ndarray]] = {}
    for one in evaluations:
        grouped.setdefault((one.depth, one.training_trials), []).append(one.counts.auc(weights))
    return {key: _resample_seeds(np.stack(values), rng) for key, values in sorted(grouped.items())}


def decide(evaluations: list[Evaluation], criterion: Criterion, seed: int = 0) -> Verdict:
    """Decide which depth a cell requires.

    A depth *meets* the criterion if its AUC on the largest training set does so at the stated confidence. A depth is
    *ruled out* if, at that confidence, it would miss it even with `further_doublings` more doublings of the data. The
    required depth is the smallest that meets, unless a shallower one still gains from data and is not ruled out.

    Args:
        evaluations: Networks of one cell: every depth on at least two training sizes.
        criterion: When a network is good enough.
        seed: Of the bootstrap.

    Raises:
        ValueError: If a depth was trained on a single size: data and depth could not be told apart.
    """
    sizes = sorted({one.training_trials for one in evaluations})
    depths = sorted({one.depth for one in evaluations})
    resampled = resample_auc(evaluations, criterion, seed)
    if len(sizes) < 2 or any((depth, size) not in resampled for depth in depths for size in sizes[-2:]):
        raise ValueError("every depth needs networks trained on the two largest of at least two data sizes")
    auc = {depth: resampled[depth, sizes[-1]] for depth in depths}
    doublings = np.log2(sizes[-1] / sizes[-2])
    gain = {depth: (auc[depth] - resampled[depth, sizes[-2]]) / doublings for depth in depths}
    within_reach = {d: auc[d] + criterion.further_doublings * np.maximum(gain[d], 0) for d in depths}
    meets = [d for d in depths if _holds(auc[d] >= criterion.auc, criterion)]
    ruled_out = [d for d in depths if _holds(within_reach[d] < criterion.auc, criterion)]
    smallest = min(meets, default=None)
    open_depths = [d for d in depths if d not in ruled_out and (smallest is None or d < smallest)]
    rising = [d for d in open_depths if _holds(gain[d] > 0, criterion)]
    point = _point_auc(evaluations, sizes[-1])
    best = max(point, key=lambda depth: point[depth])
    interval = (min([*open_depths, *meets], default=None), smallest)
    reached = f"the best of {len(depths)} depths is {best} with AUC {point[best]:.4f}, criterion {criterion.auc}"
    if rising:
        shown = max(rising, key=lambda depth: float(np.nanmedian(gain[depth])))
        reason = (
            f"Limited by data: depth {shown} still gains {np.nanmedian(gain[shown]):+.4f} AUC a doubling of the data "
            f"({sizes[-2]} to {sizes[-1]} trials), so that more data may change the answer; {reached}."
        )
        return Verdict(None, interval, "limited by data", reason)
    if smallest is not None:
        reason = f"Depth {smallest} reaches AUC {point[smallest]:.4f}, criterion {criterion.auc}"
        shallower = [d for d in depths if d < smallest]
        tail = (
            f"; depth {shallower[-1]} has {point[shallower[-1]]:.4f}." if shallower else "; it is the shallowest tried."
        )
        return Verdict(smallest, interval, "reached", reason + tail)
    if open_depths:
        reason = (
            f"Undecided: {reached}; with so few test trials and seeds it stays open whether more data would reach it."
        )
        return Verdict(None, interval, "undecided", reason)
    reason = (
        f"Not reached: {reached}, and {criterion.further_doublings:g} more doublings of the data, each with the gain of "
        "the last, would not reach it; try deeper or wider networks."
    )
    return Verdict(None, interval, "not reached", reason)


def tabulate(evaluations: list[Evaluation], criterion: Criterion, seed: int = 0) -> pd.DataFrame:
    """AUC with its interval for every depth and training size.

    Returns:
        One row a (depth, training_trials), with auc (mean over seeds), auc_low, auc_high and seeds.
    """
    resampled = resample_auc(evaluations, criterion, seed)
    rows = []
    for (depth, size), values in resampled.items():
        point = [float(e.counts.auc()) for e in evaluations if (e.depth, e.training_trials) == (depth, size)]
        low, high = metrics.interval(values, criterion.confidence)
        rows.append((depth, size, float(np.mean(point)), low, high, len(point)))
    return pd.DataFrame(rows, columns=["depth", "training_trials", "auc", "auc_low", "auc_high", "seeds"])


def _resample_seeds(auc: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mean over seeds drawn with replacement, shape (seeds, resamples) to shape (resamples,)."""
    n_seeds, n_resamples = auc.shape
    drawn = rng.integers(n_seeds, size=(n_seeds, n_resamples))
    return np.take_along_axis(auc, drawn, axis=0).mean(axis=0)


def _holds(statement: np.ndarray, criterion: Criterion) -> bool:
    return bool(np.mean(statement) >= criterion.confidence)


def _point_auc(evaluations: list[Evaluation], training_trials: int) -> dict[int, float]:
    found: dict[int, list[float]] = {}
    for one in evaluations:
        if one.training_trials == training_trials:
            found.setdefault(one.depth, []).append(float(one.counts.auc()))
    return {depth: float(np.mean(values)) for depth, values in found.items()}
