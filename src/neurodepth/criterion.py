"""When a network counts as a good model of a cell, and where each depth stands by that."""

from dataclasses import dataclass

import numpy as np

from neurodepth.scores import Scores

# A few spikes hold no hard ones: with 50, a depth at 0.991 is said to meet it in 0.10 of studies, not in 0.05, and in 0.24 if
# the error sits in one spike of a hundred. Measured: benchmarks/verdict.py.
FEWEST_SPIKES = 100
# With 60 to 100 spikes in each, a depth at 0.991 is said to meet it in 0.13 of studies of two trials, 0.065 of five.
FEWEST_TRIALS = 5
# One, but for rounding: less leaves over a third of the data unseen, and the learning curve with two points close together.
FEWEST_PASSES = 1 - 1e-9
FEWEST_SEEDS = 2  # one network that meets shows that its depth can; one that misses may be badly trained


@dataclass(frozen=True)
class Criterion:
    """When a network counts as a good model of the cell.

    Attributes:
        auc: ROC AUC of spike prediction to reach.
        confidence: Of every statement, over test trials and training seeds.
        resamples: Bootstrap resamples.
        further_doublings: A depth is ruled out if its learning curve misses the criterion even after this many more
            doublings of the training data.
        variance_explained: Of the clipped soma voltage, to reach as well; None asks nothing of the voltage.
        training_improvement: A network that loses more than this fraction of its validation loss in each tenth of its
            training, still at the end, is not trained to its end.
    """

    auc: float
    confidence: float
    resamples: int
    further_doublings: float
    variance_explained: float | None = None
    training_improvement: float = 0.01

    @property
    def largest_errors(self) -> dict[str, float]:
        """For each measure that is asked for, the largest error (1 - score) that meets."""
        bars = {"auc": self.auc, "variance_explained": self.variance_explained}
        return {measure: 1 - bar for measure, bar in bars.items() if bar is not None}

    def holds(self, statement: np.ndarray) -> bool:
        """Whether a statement, true or false in each resample, is true in enough of them."""
        return bool(np.mean(statement) >= self.confidence)


@dataclass(frozen=True)
class Standing:
    """Where the depths of one cell stand; each list ascends.

    Attributes:
        meets: Depths whose scores on the largest training set reach the criterion.
        ruled_out: Depths that miss it even after `further_doublings`, by their learning curve, and are trained to the end.
            With too small a test no depth meets, and none is ruled out; nor is one of fewer than `FEWEST_SEEDS`.
        open: Depths that are neither, and shallower than the smallest that meets.
        unfinished: Those of the open ones that are not trained to the end.
        rising: Those of the open ones that a measure keeps from meeting which the last addition of data surely improved.
    """

    meets: list[int]
    ruled_out: list[int]
    open: list[int]
    unfinished: list[int]
    rising: list[int]


def classify(scores: Scores, criterion: Criterion) -> Standing:
    """Say where each depth stands.

    Raises:
        ValueError: If a depth lacks an amount of data, or there is a single one: data and depth could not be told apart.
    """
    _check_sizes(scores)
    unfinished = [d for d in scores.depths if is_unfinished(scores, criterion, d)]
    meeting = [d for d in scores.depths if meets(scores, criterion, d)]
    ruled_out = [d for d in scores.depths if d not in unfinished and _is_out_of_reach(scores, criterion, d)]
    open_depths = [d for d in scores.depths if d not in ruled_out and (not meeting or d < meeting[0])]
    rising = [d for d in open_depths if rising_measures(scores, criterion, d)]
    return Standing(meeting, ruled_out, open_depths, [d for d in open_depths if d in unfinished], rising)


def is_test_too_small(scores: Scores) -> bool:
    """Whether the test trials are too few, or hold too few spikes, to say anything by."""
    return scores.n_trials < FEWEST_TRIALS or scores.n_spikes < FEWEST_SPIKES


def is_unfinished(scores: Scores, criterion: Criterion, depth: int) -> bool:
    """Whether more training may help a depth: its loss still fell, or it had too few epochs or too little data to tell."""
    return not scores.improvement[depth] <= criterion.training_improvement or scores.passes[depth] < FEWEST_PASSES


def meets(scores: Scores, criterion: Criterion, depth: int) -> bool:
    """Whether a depth surely reaches every measure of the criterion on the largest training set."""
    if is_test_too_small(scores):
        return False
    reached = [scores.errors_by_size(m, depth)[-1] <= limit for m, limit in criterion.largest_errors.items()]
    return criterion.holds(np.all(reached, axis=0))


def _is_out_of_reach(scores: Scores, criterion: Criterion, depth: int) -> bool:
    """Whether a depth surely misses a measure of the criterion, now and after further doublings of the data."""
    if is_test_too_small(scores) or scores.n_seeds[depth, scores.sizes[-1]] < FEWEST_SEEDS:
        return False
    missed = []
    for measure, limit in criterion.largest_errors.items():
        errors = scores.errors_by_size(measure, depth)
        later = scores.curve(measure, depth).error_after(criterion.further_doublings)
        missed.append(np.minimum(errors[-1], later) > limit)
    return criterion.holds(np.any(missed, axis=0))


def rising_measures(scores: Scores, criterion: Criterion, depth: int) -> list[str]:
    """Measures that the last addition of data surely improved and that do not surely meet."""
    rising = []
    for measure, limit in criterion.largest_errors.items():
        now = scores.resampled[measure][depth, scores.sizes[-1]]
        if criterion.holds(scores.gain[measure][depth] > 0) and not criterion.holds(now <= limit):
            rising.append(measure)
    return rising


def _check_sizes(scores: Scores) -> None:
    missing = [(d, size) for d in scores.depths for size in scores.sizes if (d, size) not in scores.n_seeds]
    if len(scores.sizes) < 2 or missing:
        raise ValueError(
            f"expected every depth of {scores.depths} on the same, at least two data sizes, found the sizes "
            f"{scores.sizes}, without (depth, trials) {missing}: train every depth on all training_fractions"
        )
