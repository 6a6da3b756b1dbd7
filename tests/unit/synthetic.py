"""Networks with known scores, for the tests of the verdict."""

import numpy as np
from scipy.special import ndtri

from neurodepth import metrics, scores
from neurodepth.criterion import Criterion
from neurodepth.scores import Evaluation

CRITERION = Criterion(auc=0.95, confidence=0.95, resamples=400, further_doublings=3)
TRIAL_H = 0.001
SIZES = (10, 20, 40)  # training trials


def evaluate(
    auc,
    n_trials=40,
    n_bins=2000,
    seeds=(1, 2),
    rate=0.01,
    improvement=None,
    passes=10.0,
    explained=0.9,
    spread=0.0,
    draw=0,
):
    """Networks whose spike predictions have given AUCs.

    Args:
        auc: Of each (depth, training trials).
        n_trials: Test trials.
        n_bins: Of each.
        seeds: Of each training.
        rate: Chance of a spike in a bin.
        improvement: Of the networks of a depth at the end of training; 0 if not named.
        passes: Through their data that training made.
        explained: Share of the voltage's variance.
        spread: Standard deviation of the logarithm of 1 - AUC over seeds.
        draw: Seed of everything random.
    """
    rng = np.random.default_rng(draw)
    spikes = rng.random((n_trials, n_bins)) < rate
    noise = rng.normal(size=spikes.shape)  # shared: networks err alike
    voltage = metrics.VoltageSums(np.full(n_trials, 1 - explained), np.zeros(n_trials), np.ones(n_trials))
    found = []
    for (depth, size), one in auc.items():
        for seed in seeds:
            error = min((1 - one) * np.exp(spread * rng.normal()), 0.5)
            separation = np.sqrt(2) * ndtri(1 - error)  # of two unit Gaussians with that AUC
            if spread or seed == seeds[0]:
                counts = metrics.count_pairs(noise + separation * spikes, spikes)
            found.append(Evaluation(depth, size, seed, counts, voltage, (improvement or {}).get(depth, 0.0), passes))
    return found


def resample(*arguments, criterion=CRITERION, **settings):
    evaluations = evaluate(*arguments, **settings)
    return scores.resample(evaluations, criterion.resamples, criterion.confidence, seed=0)


def flat(**auc_of_depth):
    """The same AUC with every amount of data; `d3=0.9` is depth 3."""
    return {(int(name[1:]), size): auc for name, auc in auc_of_depth.items() for size in SIZES}


def falling(one_depth, floor, scale, exponent, sizes=SIZES):
    """AUC of one depth whose error falls as a power of the data."""
    return {(one_depth, size): 1 - floor - scale * (size / sizes[-1]) ** -exponent for size in sizes}
