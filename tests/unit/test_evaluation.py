import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from neurodepth import data_needed, depth, evaluation, metrics, scores, training_data
from neurodepth.container import DatasetError
from neurodepth.coverage import Sampling
from neurodepth.trials import Trials
from tests.unit.synthetic import CRITERION

SAMPLING = Sampling(batch_size=4, window_ms=500, history_ms=100, duration_ms=6000)
NAMES = {"depth": 3, "training_trials": 20, "seed": 1}


def make_trials(rate_hz, n_trials=40, duration_ms=2000):
    """Trials with random spikes, of an input that nothing reads."""
    rng = np.random.default_rng(0)
    times_ms = [np.flatnonzero(rng.random(duration_ms) < rate_hz / 1000).astype(float) for _ in range(n_trials)]
    voltage_mv = rng.normal(-65, 3, (n_trials, duration_ms)).astype(np.float32)
    return Trials(4, 3, np.arange(n_trials), [], times_ms, voltage_mv)


def score(test, names=NAMES):
    spikes = test.spikes()
    logit = np.random.default_rng(1).normal(size=spikes.shape) + 3.0 * spikes - 5
    return evaluation.score(names, logit, test.soma_voltage_mv + 1, test, np.random.default_rng(2))


def test_the_row_of_a_network_holds_every_measure():
    row = score(make_trials(1)).row
    assert all(np.isfinite(value) for value in row.values()), row
    assert row["auc"] == pytest.approx(0.983, abs=0.02)  # of two unit Gaussians three deviations apart
    assert row["soma_rmse_mv"] == pytest.approx(1, abs=0.01)  # where the clip takes part of the shift
    assert row["correlogram_lag_ms"] == 0


def test_the_complexity_index_is_that_of_three_layers_alone():
    assert np.isnan(score(make_trials(1), NAMES | {"depth": 1}).row["functional_complexity_index"])


def test_a_test_set_without_a_spike_still_has_a_voltage():
    row = score(make_trials(0)).row
    undefined = {key for key, value in row.items() if np.isnan(value)}
    assert undefined == {
        *("auc", "hit_rate", "average_precision", *evaluation.COMPLEXITY),
        *("correlogram_width_ms", "correlogram_lag_ms"),
    }


@pytest.fixture
def written(tmp_path):
    """Two networks and the files that tell of them: table, counts and histories."""
    scored = [score(make_trials(1), NAMES | {"seed": seed}) for seed in (1, 2)]
    pd.DataFrame([one.row for one in scored]).to_csv(tmp_path / "evaluation.csv", index=False)
    evaluation.write_counts(tmp_path / "pair_counts.npz", scored)
    histories = [tmp_path / "networks" / "depth_3" / "trials_20" / f"seed_{seed}.csv" for seed in (1, 2)]
    histories[0].parent.mkdir(parents=True)
    for path, fall in zip(histories, (0.5, 1.0), strict=True):
        losses = {name: fall ** np.arange(6) for name in ("training_loss", "validation_spike_loss")}
        pd.DataFrame({"updates": np.arange(100, 700, 100), **losses}).to_csv(path, index=False)
    return scored, (tmp_path / "evaluation.csv", tmp_path / "pair_counts.npz", histories, 600, SAMPLING, CRITERION)


def test_what_is_written_comes_back_network_by_network(written):
    scored, files = written
    _, (first, second) = evaluation.read_evaluations(*files)
    assert (second.depth, second.training_trials, second.seed) == (3, 20, 2)
    weights = metrics.resampled_trials(40, 5, np.random.default_rng(0))
    np.testing.assert_array_equal(second.counts.auc(weights), scored[1].counts.auc(weights))
    np.testing.assert_array_equal(
        second.voltage.variance_explained(weights), scored[1].voltage.variance_explained(weights)
    )
    assert first.improvement > 0
    assert second.improvement == 0
    assert second.passes == 600 * 4 * 400 / (20 * 6000)
    assert second.seen == SAMPLING.seen(600, 20)
    ended = evaluation.read_evaluations(*files[:3], 700, *files[4:])[1][
        1
    ]  # by patience: judged by its loss, not by what is missing
    assert ended.passes == 700 * 4 * 400 / (20 * 6000)
    assert ended.seen == second.seen


def test_a_network_of_another_variant_is_refused(tmp_path):
    noted = {"cell": "l5pc", "variant": "nmda", "seed": 1}
    path = tmp_path / "seed_1.keras"
    path.touch()
    path.with_suffix(".json").write_text(json.dumps({"network": "tcn", "training_data": noted}))
    training_data.check_networks([path], noted | {"split": "test"})
    with pytest.raises(
        DatasetError,
        match=r"seed_1.keras: expected a network trained on .* variant no_nmda, .* found one of .* variant nmda",
    ):
        training_data.check_networks([path], noted | {"variant": "no_nmda"})


def test_networks_of_two_precisions_are_warned_of(tmp_path, caplog):
    paths = []
    for precision in ("float32", "float32", "bfloat16"):
        paths.append(tmp_path / f"seed_{len(paths)}.keras")
        paths[-1].touch()
        paths[-1].with_suffix(".json").write_text(json.dumps({"network": "tcn", "precision": precision}))
    evaluation.warn_of_two_precisions(paths[:2])
    assert not caplog.records
    evaluation.warn_of_two_precisions(paths)
    assert "trained in ['bfloat16', 'float32']: set training.precision" in caplog.text


def test_counts_of_another_table_are_refused(written):
    scored, (table_path, counts_path, *others) = written
    evaluation.write_counts(counts_path, scored[:1])
    with pytest.raises(ValueError, match=r"holds 1 networks, .* 2: delete both"):
        evaluation.read_evaluations(table_path, counts_path, *others)


def test_a_network_without_a_history_is_refused(written):
    _, (table_path, counts_path, histories, *others) = written
    with pytest.raises(ValueError, match=r"depth_3/trials_20/seed_2\.csv"):
        evaluation.read_evaluations(table_path, counts_path, histories[:1], *others)


def test_the_summary_holds_what_json_can_hold(written):
    _, files = written
    table, evaluations = evaluation.read_evaluations(*files)
    every = [replace(one, training_trials=size) for one in evaluations for size in (10, 20)]
    resampled = scores.resample(every, 200, 0.95, 0)
    criterion = depth.Criterion(0.999, 0.95, 200, 3)
    needed = data_needed.tabulate(resampled, criterion, 0.01)
    summary = evaluation.summarise(
        depth.decide(resampled, criterion, 0.01), scores.tabulate(resampled, 0.95), table, needed
    )
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert summary["data_needed_h"] == {"3": ["never", "never", "never"]}
    assert (summary["best_depth"], summary["test_h"]) == (3, pytest.approx(40 * 2 / 3600))
