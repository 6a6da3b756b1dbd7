import io
import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color

from neurodepth import figures
from neurodepth.depth import Criterion
from neurodepth.figures import prediction

CRITERION = Criterion(auc=0.99, confidence=0.95, resamples=100, further_doublings=3)
DEPTHS = (1, 3)
TYPES = ("basal excitatory", "tuft excitatory", "basal inhibitory", "tuft inhibitory")


@pytest.fixture
def learned():
    rng = np.random.default_rng(0)
    rate = np.append(0, np.geomspace(1e-4, 1, 41))
    regions = ("none", *TYPES)
    auc = rng.uniform(0.6, 0.99, len(DEPTHS) * len(regions))
    return {
        "lag_ms": np.arange(10.0),
        "effect_by_type": rng.normal(size=(len(TYPES), 10)),
        "type_names": np.array(TYPES),
        "sparsity_depth": np.array([1, 3, 3, 3]),
        "sparsity_layer": np.array([1, 1, 2, 3]),
        "silent_fraction": np.array([0.5, 0.6, 0.7, 0.8]),
        "lifetime_sparseness": np.array([0.4, 0.5, 0.6, np.nan]),
        "ablation_depth": np.repeat(DEPTHS, len(regions)),
        "ablation_region": np.tile(regions, len(DEPTHS)),
        "ablation_auc": auc,
        "ablation_auc_low": auc - 0.02,
        "ablation_auc_high": auc + 0.01,
        "ablation_variance_explained": np.linspace(-4, 0.9, len(auc)),
        "roc_depth": np.array(DEPTHS),
        "roc_false_positive_rate": rate,
        "roc_hit_rate": np.stack([rate**0.2, rate**0.1]),
    }


@pytest.fixture
def statistics():
    return {
        "split_names": np.array(["train", "validation", "test"]),
        "type_names": np.array(TYPES),
        "interval_edges_ms": np.geomspace(1, 1e4, 9),
        "interval_count": np.array([[0, 0, 4, 8, 4, 0, 0, 0], [0] * 8, [0, 1, 1, 0, 0, 0, 0, 0]]),
        "voltage_edges_mv": np.arange(-100.0, -90.0),
        "voltage_count": np.array([[5, 50, 500, 0, 0, 0, 0, 0, 0]] * 3),
        "trial_split": np.array([0, 0, 0, 1, 2]),
        "output_rate_hz": np.array([0, 1.5, 3, 0, 2]),
        "input_rate_hz": np.random.default_rng(0).uniform(1, 9, (5, len(TYPES))),
    }


@pytest.fixture
def curves():
    rows = []
    for depth, n_trials, seed in itertools.product(DEPTHS, (10, 20), (1, 2)):
        names = {"depth": depth, "training_trials": n_trials, "seed": seed}
        rows += [names | {"curve": "correlogram", "x": lag, "y": seed * n_trials / 100} for lag in range(-50, 51)]
        for x, y, count in ((0.01, 0.0, 9000), (0.4, 0.5, 100), (0.9, 1.0, 40), (0.95, 0.0, 4)):
            rows.append(names | {"curve": "reliability", "x": x, "y": y * seed / 2, "count": count})
    return pd.DataFrame(rows)


def lines_of(axes, depth):
    """Data of the lines in the colour of a depth."""
    colour = figures.depth_colour(depth)
    return [line.get_xydata() for line in axes.lines if same_color(line.get_color(), colour)]


def test_every_figure_is_drawn_with_a_label_on_every_axis(learned, statistics, curves):
    drawn = [figures.roc_curves(learned), figures.effect_by_type(learned), figures.sparsity(learned)]
    drawn += [figures.ablation(learned), figures.trial_statistics(statistics)]
    drawn += [figures.calibration(curves), figures.timing(curves)]
    for figure in drawn:
        figure.savefig(io.BytesIO(), format="svg")
        assert all(axes.get_xlabel() for axes in figure.axes)
        assert figure.get_size_inches()[0] == 4.6


def test_a_depth_keeps_its_colour_in_the_roc_and_its_inset(learned):
    (axes,) = figures.roc_curves(learned).axes
    (inset,) = axes.child_axes
    for depth, hit_rate in zip(DEPTHS, learned["roc_hit_rate"], strict=True):
        for one in (axes, inset):
            (line,) = lines_of(one, depth)
            np.testing.assert_array_equal(line[:, 1], hit_rate)
    assert inset.get_xlim() == (0, 0.01)


def test_calibration_shows_the_first_seed_on_the_largest_training_set_in_bins_that_hold_enough(curves):
    (axes,) = figures.calibration(curves).axes
    (line,) = lines_of(axes, 3)
    np.testing.assert_allclose(line, [(0.01, 0), (0.4, 0.25), (0.9, 0.5)])


def test_the_interval_of_a_fraction_is_the_exact_binomial_one():
    low, high = prediction._binomial_interval(np.array([0, 10]), np.array([10, 10]))
    np.testing.assert_allclose(low, [0, 0.025**0.1])  # ten spikes in ten: p^10 = 0.025
    np.testing.assert_allclose(high, [1 - 0.025**0.1, 1])


def test_timing_is_the_mean_over_seeds(curves):
    (axes,) = figures.timing(curves).axes
    (line,) = lines_of(axes, 1)
    np.testing.assert_allclose(line[:, 1], (0.2 + 0.4) / 2)
    assert "range over seeds" in axes.get_ylabel()


def test_bars_of_the_ablation_begin_at_chance(learned):
    bars = figures.ablation(learned).axes[0].patches
    ends = sorted(bar.get_x() + bar.get_width() for bar in bars)
    np.testing.assert_allclose(ends, np.sort(learned["ablation_auc"]))
    assert {bar.get_x() for bar in bars} == {0.5}


def test_a_bar_that_leaves_the_axis_says_its_value(learned):
    axes = figures.ablation(learned).axes[1]
    assert "\N{MINUS SIGN}4.0" in [text.get_text() for text in axes.texts]


def test_figures_without_a_spike_are_drawn(learned, statistics):
    undefined = {
        name: np.full_like(learned[name], np.nan)
        for name in ("ablation_auc", "ablation_auc_low", "ablation_auc_high", "roc_hit_rate")
    }
    silent = {name: np.zeros_like(statistics[name]) for name in ("interval_count", "output_rate_hz")}
    for figure in (
        figures.roc_curves(learned | undefined),
        figures.ablation(learned | undefined),
        figures.trial_statistics(statistics | silent),
    ):
        figure.savefig(io.BytesIO(), format="svg")


def test_labels_of_crowded_networks_do_not_overlap():
    names = ["perceptron", "spiking", "elm", "two_layer", "linear_nonlinear_poisson", "dendritic_segments"]
    table = pd.DataFrame({"network": names, "depth": 0})
    table["auc"] = np.linspace(0.94, 0.95, len(names))
    table["auc_low"], table["auc_high"] = table.auc - 0.005, table.auc + 0.005
    cost = "event_multiply_adds_per_ms"
    table[cost] = np.linspace(15_000, 16_000, len(names))
    figure = figures.accuracy_vs_cost(table.assign(**{f"on_front_of_{cost}": True}), CRITERION, 4.6)
    figure.draw_without_rendering()
    labels = [text for text in figure.axes[0].texts if text.get_text() in names]
    boxes = [text.get_window_extent() for text in labels]
    assert len(boxes) == len(names)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_a_wide_interval_leaves_the_frame_and_ticks_do_not_touch():
    table = pd.DataFrame({"cell": "l5pc", "variant": "nmda", "depth": [1, 1, 3, 3], "training_h": [0.1, 1.0] * 2})
    table["auc"], table["auc_low"], table["auc_high"] = [0.9, 0.95, 0.95, 0.98], [0.0, 0.9, 0.94, 0.97], 0.999
    (axes,) = figures.accuracy_vs_data(table, CRITERION).axes
    assert 0.5 < axes.get_ylim()[0] < 0.9
    axes.figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in axes.get_yticklabels()]
    assert len(boxes) > 3
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_names_keep_clear_of_the_intervals_of_others():
    names = ["perceptron", "tcn_medium_full", "tcn_medium"]
    table = pd.DataFrame({"network": names, "depth": 0, "auc": [0.91, 0.971, 0.978]})
    table["auc_low"], table["auc_high"] = [0.87, 0.963, 0.955], [0.944, 0.979, 0.986]
    cost = "event_multiply_adds_per_ms"
    table = table.assign(**{cost: [2800, 319_000, 1_063_000], f"on_front_of_{cost}": True})
    figure = figures.accuracy_vs_cost(table, CRITERION, 4.6)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text() in names]
    assert len(boxes) == len(names)
    for row in table.itertuples():
        (x, low), (_, high) = axes.transData.transform(
            [(getattr(row, cost), end) for end in (row.auc_low, row.auc_high)]
        )
        assert not any(box.x0 < x < box.x1 and box.y0 < high and low < box.y1 for box in boxes)


def test_a_strip_says_what_each_criterion_would_answer():
    names = ["cell", "variant", "criterion_auc", "required_depth", "required_depth_low", "required_depth_high"]
    rows = [
        ("l5pc", "nmda", 0.9, 1, 1, 1),
        ("l5pc", "nmda", 0.95, 3, 2, 3),
        ("l5pc", "nmda", 0.99, np.nan, 3, np.nan),
        ("l5pc", "nmda", 0.999, np.nan, np.nan, np.nan),
        ("lif", "default", 0.9, 1, 1, 1),
        ("lif", "default", 0.999, 1, 1, 1),
    ]
    (axes,) = figures.depth_by_criterion(pd.DataFrame(rows, columns=names), CRITERION).axes
    assert [text.get_text() for text in axes.texts] == ["1", "3", "3 or more", "none of these", "1"]
    first, second, *_, last = axes.patches
    assert same_color(first.get_facecolor(), figures.depth_colour(1))
    assert same_color(second.get_facecolor(), figures.depth_colour(3))
    assert first.get_x() + first.get_width() == pytest.approx(second.get_x(), abs=0.01)
    assert (last.get_x(), last.get_x() + last.get_width()) == pytest.approx(
        (1, 3), abs=0.01
    )  # from 0.9 to 0.999, in nines
    assert [label.get_text() for label in axes.get_yticklabels()] == ["l5pc (nmda)", "lif (default)"]
