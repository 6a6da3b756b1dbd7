"""The verdict: how deep a network a cell requires, with an interval, or why that cannot be said. docs/verdict.md."""

from dataclasses import dataclass

import numpy as np

from neurodepth import convergence, data_needed, metrics, units
from neurodepth.criterion import (
    FEWEST_PASSES,
    FEWEST_SEEDS,
    FEWEST_SPIKES,
    FEWEST_TRIALS,
    Criterion,
    Standing,
    classify,
    is_test_too_small,
    rising_measures,
)
from neurodepth.scores import Scores

__all__ = ["Criterion", "Verdict", "decide"]
LABELS = {"auc": "AUC", "variance_explained": "variance explained"}


@dataclass(frozen=True)
class Verdict:
    """What can be said about one cell.

    Attributes:
        required_depth: Smallest depth that surely meets the criterion, or None; no more than an upper bound where the interval
            begins at a shallower one.
        interval: Smallest and largest depth that the data allow; the latter is None if no depth meets the criterion.
        status: `reached`, `limited by training`, `limited by data`, `undecided` or `not reached`.
        reason: The same in a sentence, with the numbers.
        gap: For each measure of the criterion, by how much the best depth falls short of it, with its interval; negative
            where it exceeds it.
    """

    required_depth: int | None
    interval: tuple[int | None, int | None]
    status: str
    reason: str
    gap: dict[str, tuple[float, float, float]]


def decide(scores: Scores, criterion: Criterion, trial_h: float) -> Verdict:
    """Decide which depth a cell requires: the smallest that meets, unless a shallower one could with more training or data.

    Args:
        scores: Of the networks of one cell: every depth on at least two training sizes.
        criterion: When a network is good enough.
        trial_h: Length of a trial in hours.

    Raises:
        ValueError: If a depth lacks an amount of data, or there is a single one.
    """
    standing = classify(scores, criterion)
    status = _status(scores, standing)
    reason = {
        "limited by training": _by_training,
        "limited by data": _by_data,
        "reached": _reached,
        "undecided": _undecided,
        "not reached": _not_reached,
    }[status](scores, criterion, trial_h, standing)
    reason += _caveat(scores)
    smallest = min(standing.meets, default=None)
    interval = (min([*standing.open, *standing.meets], default=None), smallest)
    return Verdict(smallest if status == "reached" else None, interval, status, reason, _gap(scores, criterion))


def _status(scores: Scores, standing: Standing) -> str:
    if is_test_too_small(scores):
        return "undecided"
    if standing.unfinished:
        return "limited by training"
    if standing.rising:
        return "limited by data"
    if standing.meets:
        return "reached"
    return "undecided" if standing.open else "not reached"


def _by_training(scores: Scores, criterion: Criterion, trial_h: float, standing: Standing) -> str:
    shown = max(standing.unfinished, key=lambda depth: np.nan_to_num(scores.improvement[depth], posinf=0))
    improvement, passes = scores.improvement[shown], scores.passes[shown]
    if criterion.training_improvement < improvement < np.inf:
        why = (
            f"the validation loss of depth {shown} still fell by {improvement:.1%} in each tenth of its training when it "
            f"ended (trained to the end: at most {criterion.training_improvement:.1%})"
        )
    elif passes < FEWEST_PASSES:
        why = f"depth {shown} was given updates for {passes:.2g} passes through its data, so that part of them had no effect"
    else:
        why = (
            f"depth {shown} had fewer than {convergence.FEWEST_EPOCHS} validations (lower updates_per_epoch), or ran out of patience "
            "while its learning rate was high and its loss did not surely rise (raise patience_epochs): too early to see whether "
            "its loss had come to rest"
        )
    return f"Limited by training: {why}; longer training may change the answer; {_best(scores, criterion)}."


def _by_data(scores: Scores, criterion: Criterion, trial_h: float, standing: Standing) -> str:
    shown = min(standing.rising, key=lambda depth: scores.point["auc"][depth, scores.sizes[-1]])
    measure = rising_measures(scores, criterion, shown)[0]
    before, now = (1 - scores.point[measure][shown, size] for size in scores.sizes[-2:])
    return (
        f"Limited by data: from {units.hours(scores.sizes[-2] * trial_h)} to {units.hours(scores.sizes[-1] * trial_h)} of data depth "
        f"{shown} went from {LABELS[measure]} {before:.4f} to {now:.4f}; {_outlook(scores, criterion, trial_h, shown)}; "
        f"{_best(scores, criterion)}."
    )


def _outlook(scores: Scores, criterion: Criterion, trial_h: float, depth: int) -> str:
    """What more data may do for a depth that still gains from them."""
    if _estimate_meets(scores, criterion, depth):
        return "which meets the criterion, but not surely: more data may make it so, as may more test trials and training seeds"
    needed = data_needed.tabulate(scores, criterion, trial_h).set_index("depth").loc[depth]
    at, low, high = (units.hours(needed[f"data_needed_h{end}"]) for end in ("", "_low", "_high"))
    if np.isfinite(needed["data_needed_h"]):
        reaches = f"reaches the criterion at {at} ({low} to {high})"
    elif needed["data_needed_h_low"] <= scores.sizes[-1] * trial_h:
        reaches = "stays short of the criterion, or may have reached it already"
    elif np.isfinite(needed["data_needed_h_low"]):
        reaches = f"stays short of the criterion, or reaches it at {low} at the earliest"
    else:
        reaches = "stays short of the criterion"
    return f"its learning curve {reaches}, so that more data may change the answer"


def _reached(scores: Scores, criterion: Criterion, trial_h: float, standing: Standing) -> str:
    smallest = standing.meets[0]
    reason = f"Depth {smallest} reaches {_scores(scores, criterion, smallest)}, criterion {_bars(criterion)}; "
    shallower = [depth for depth in scores.depths if depth < smallest]
    likely = [depth for depth in standing.open if _estimate_meets(scores, criterion, depth)]
    if likely:
        return reason + (
            f"depth {likely[0]} has {_scores(scores, criterion, likely[0])}, which meets it too, but not surely: more test trials and "
            "training seeds may show that it suffices."
        )
    if not shallower:
        return reason + "it is the shallowest tried."
    fate = "ruled out"
    if shallower[-1] in standing.open:
        fate = "not far enough below it to be ruled out"
        if scores.n_seeds[shallower[-1], scores.sizes[-1]] < FEWEST_SEEDS:
            fate = "not ruled out, which takes several training seeds"
    return reason + f"depth {shallower[-1]} has {_scores(scores, criterion, shallower[-1])} and is {fate}."


def _undecided(scores: Scores, criterion: Criterion, trial_h: float, standing: Standing) -> str:
    if not scores.n_spikes:
        return "Undecided: the test trials hold no spike; simulate more of them."
    if is_test_too_small(scores):
        return (
            f"Undecided: the {scores.n_trials} test trials hold {scores.n_spikes} spikes, expected at least {FEWEST_TRIALS} trials "
            f"and {FEWEST_SPIKES} spikes; simulate more of them; {_best(scores, criterion)}."
        )
    if any(scores.n_seeds[depth, scores.sizes[-1]] < FEWEST_SEEDS for depth in standing.open):
        return (
            f"Undecided: {_best(scores, criterion)}; one training that misses rules no depth out: train several seeds "
            "(training_seeds: [1, 2, 3])."
        )
    return (
        f"Undecided: {_best(scores, criterion)}; with so few test trials and seeds it stays open whether that or more data "
        "reach it."
    )


def _not_reached(scores: Scores, criterion: Criterion, trial_h: float, standing: Standing) -> str:
    return (
        f"Not reached: {_best(scores, criterion)}, and no depth's learning curve reaches it with "
        f"{units.hours(scores.sizes[-1] * trial_h * 2**criterion.further_doublings)} of data, {criterion.further_doublings:g} more "
        "doublings; try deeper or wider networks, or far more data than that."
    )


def _estimate_meets(scores: Scores, criterion: Criterion, depth: int) -> bool:
    """Whether the estimate itself, surely or not, reaches every measure of the criterion."""
    return all(
        scores.point[measure][depth, scores.sizes[-1]] <= limit for measure, limit in criterion.largest_errors.items()
    )


def _caveat(scores: Scores) -> str:
    """What the intervals do not hold."""
    single = [depth for depth in scores.depths if scores.n_seeds[depth, scores.sizes[-1]] == 1]
    if not single:
        return ""
    where = "" if single == scores.depths else f" at depth {', '.join(map(str, single))}"
    return f" With one training seed{where}, no interval holds the variation of training."


def _best(scores: Scores, criterion: Criterion) -> str:
    depth = _best_depth(scores)
    gaps = _gap(scores, criterion)
    missed = [measure for measure, (gap, *_) in gaps.items() if gap > 0] or ["auc"]
    short = " and ".join(_distance(measure, *gaps[measure]) for measure in missed)
    return (
        f"the best of {len(scores.depths)} depths is {depth} with {_scores(scores, criterion, depth)}, criterion "
        f"{_bars(criterion)}, {short}"
    )


def _distance(measure: str, gap: float, low: float, high: float) -> str:
    side, sign = ("short of", 1) if gap > 0 else ("beyond", -1)
    low, high = sorted((sign * low, sign * high))
    return f"{LABELS[measure]} {side} it by {sign * gap:.4f} ({low:.4f} to {high:.4f})"


def _best_depth(scores: Scores) -> int:
    return min(scores.depths, key=lambda depth: scores.point["auc"][depth, scores.sizes[-1]])


def _gap(scores: Scores, criterion: Criterion) -> dict[str, tuple[float, float, float]]:
    key = (_best_depth(scores), scores.sizes[-1])
    gaps = {}
    for measure, limit in criterion.largest_errors.items():
        low, high = metrics.interval(scores.resampled[measure][key] - limit, criterion.confidence)
        gaps[measure] = (scores.point[measure][key] - limit, low, high)
    return gaps


def _scores(scores: Scores, criterion: Criterion, depth: int) -> str:
    """`AUC 0.9912`, with a voltage criterion also `and variance explained 0.943`."""
    errors = {measure: scores.point[measure][depth, scores.sizes[-1]] for measure in criterion.largest_errors}
    return " and ".join(f"{LABELS[measure]} {1 - error:.4f}" for measure, error in errors.items())


def _bars(criterion: Criterion) -> str:
    return " and ".join(f"{1 - error:.6g}" for error in criterion.largest_errors.values())
