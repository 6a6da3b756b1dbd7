import numpy as np
import pytest

from neurodepth.pareto import front


@pytest.mark.parametrize(
    ("cost", "auc", "expected"),
    [
        ([1, 2, 3, 4], [0.8, 0.9, 0.85, 0.95], [True, True, False, True]),
        ([4, 1, 2], [0.9, 0.9, 0.9], [False, True, False]),  # as good for less
        ([2, 2, 3], [0.9, 0.8, 0.7], [True, False, False]),  # better for as much
        ([2, 2], [0.9, 0.9], [True, True]),
        ([1, 2], [np.nan, 0.9], [False, True]),
        ([np.nan, 2], [0.9, 0.9], [False, True]),
    ],
)
def test_front_by_hand(cost, auc, expected):
    assert front(np.array(cost), np.array(auc)).tolist() == expected


def test_each_network_off_the_front_is_beaten_by_one_on_it():
    rng = np.random.default_rng(0)
    cost, auc = rng.integers(1, 20, 100), rng.random(100).round(1)
    on = front(cost, auc)
    assert 1 < on.sum() < 100
    for one in np.flatnonzero(~on):
        assert ((cost[on] <= cost[one]) & (auc[on] >= auc[one])).any()
    order = np.lexsort((-auc[on], cost[on]))
    assert (np.diff(auc[on][order]) >= 0).all()
