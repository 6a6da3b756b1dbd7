import html
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurodepth import figures, report
from neurodepth.depth import Criterion
from neurodepth.report import embedding, published, results, wording

DURATION_MS = 2400
DEPTHS = (1, 3)
CELLS = (
    ("l5pc", "nmda", None, [1, None], "limited by data", "Limited by data: depth 3 still gains <b>AUC</b> & more."),
    ("lif", "default", 1, [1, 1], "reached", "Depth 1 reaches AUC 0.9970; it is the shallowest tried."),
)
CRITERION = {"auc": 0.991, "confidence": 0.95, "resamples": 200, "further_doublings": 3}
SWC = (
    "1 1 0 0 0 6 -1\n2 4 0 20 0 1.5 1\n3 4 0 300 0 1.2 2\n4 4 40 420 0 0.4 3\n5 4 -40 430 0 0.4 3\n6 3 60 -80 0 0.5 1\n"
)
LOADING = {"src", "srcset", "poster", "data", "action", "background"}


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """Result files of a study that never ran, small."""
    folder = tmp_path_factory.mktemp("results")
    rng = np.random.default_rng(1)
    rows = []
    for cell, variant, *_ in CELLS:
        (folder / cell / variant).mkdir(parents=True)
        np.savez(folder / cell / variant / "example.npz", **_example(rng))
        for depth in DEPTHS:
            for trials in (10, 20):
                history_path = folder / cell / variant / f"networks/depth_{depth}/trials_{trials}/seed_1.csv"
                history_path.parent.mkdir(parents=True)
                _history().to_csv(history_path, index=False)
                accuracy = (0.98, 0.97, 0.985, 0.6, 2.0, 0.8, 1, 5000)
                rows.append((cell, variant, depth, trials, trials / 600, *accuracy))
    pd.DataFrame(rows, columns=results.ACCURACY_COLUMNS).to_csv(folder / "accuracy_vs_depth.csv", index=False)
    (folder / "verdict.json").write_text(json.dumps(_verdict()))
    benchmark_path = folder / "benchmarks/train_network/lif/default.tsv"
    benchmark_path.parent.mkdir(parents=True)
    benchmark_path.write_text("s\th:m:s\n75.5\t0:01:15\n")
    (folder / "cell.swc").write_text(SWC)
    return folder


@pytest.fixture(scope="module")
def page(study: Path) -> str:
    _write(study, study / "report.html")
    return (study / "report.html").read_text()


def test_page_loads_nothing_from_the_network(page):
    loads = _Loads()
    loads.feed(page)
    assert loads.found, "the page should at least hold the rasters, as data"
    assert all(address.startswith(("data:", "#")) for address in loads.found)
    assert not re.search(r"@import|url\((?!#|['\"]?data:)", page)


def test_page_gives_each_cells_reason_escaped(page):
    for *_, reason in CELLS:
        assert html.escape(reason) in page
    assert "<b>AUC</b>" not in page


def test_page_shows_the_depth_of_a_cell_that_has_one(page):
    assert re.search(r'class="big">1</p>\s*<p class="label">layer required', page)


def test_every_drawing_has_a_text_alternative_and_identifiers_are_unique(page):
    drawings = re.findall(r"<svg[^>]*>", page)
    assert len(drawings) == 1 + 6 * len(CELLS)
    assert all(re.search(r'role="img" aria-label="[^"]{10,}"', drawing) for drawing in drawings)
    identifiers = re.findall(r'\bid="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))


def test_page_sums_the_time_of_each_rule(page):
    assert re.search(r"train_network</code></th><td>1</td><td>1 min 1[56] s", page)


@pytest.fixture(scope="module")
def full_page(study: Path, tmp_path_factory) -> str:
    """The page of a study whose pyramidal cell has baselines and unusual input."""
    folder = tmp_path_factory.mktemp("full")
    rows = [(cell, variant, "tcn", "tcn", 3, 0.98, 0.97, 0.985, 5000, 900, 700.5, True) for cell, variant, *_ in CELLS]
    rows.append(("l5pc", "nmda", "perceptron", "perceptron", 0, 0.9, 0.88, 0.91, 300, 100, 12.5, True))
    pd.DataFrame(rows, columns=results.COMPARISON_COLUMNS).to_csv(folder / "pareto.csv", index=False)
    needed = [("l5pc", "nmda", 3, np.inf, 40.0, np.inf, np.nan, np.nan, np.nan)]
    pd.DataFrame(needed, columns=results.DATA_NEEDED_COLUMNS).to_csv(folder / "data_needed.csv", index=False)
    unusual = [("volleys", 3, 10, 0.5), ("volleys", 3, 20, 0.8101), ("volleys", 3, 20, 0.8103)]
    pd.DataFrame(unusual, columns=results.UNUSUAL_COLUMNS).to_csv(folder / "out_of_distribution.csv", index=False)
    tables = {"comparison_path": folder / "pareto.csv", "data_needed_path": folder / "data_needed.csv"}
    _write(study, folder / "report.html", unusual_path=folder / "out_of_distribution.csv", **tables)
    return (folder / "report.html").read_text()


def test_page_compares_networks_where_there_are_several_kinds(page, full_page):
    assert "Other models" not in page
    assert "Accuracy against cost</strong> of l5pc (nmda)" in full_page
    assert "Accuracy against cost</strong> of lif" not in full_page
    assert re.search(r'row">perceptron</th>\s*<td[^>]*>0.9000</td>\s*<td[^>]*>0.8800 to 0.9100</td>', full_page)


def test_page_says_how_much_data_a_depth_needs(full_page):
    assert re.search(r"never</td>\s*<td[^>]*>40.h to never</td>\s*<td[^>]*>\N{EM DASH}</td>", full_page)


def test_page_gives_the_mean_score_on_unusual_input_after_all_the_data(full_page):
    assert re.search(r'row">volleys</th><td>0\.8102</td>', full_page)


def test_the_front_joins_the_networks_on_it(study):
    table = pd.DataFrame(
        {"network": ["tcn", "elm", "lstm"], "depth": [3, 0, 0], "event_multiply_adds_per_ms": [900.0, 10.0, 5000.0]}
    ).assign(auc=[0.98, 0.9, 0.97], on_front_of_event_multiply_adds_per_ms=[True, True, False])
    table = table.assign(auc_low=table.auc - 0.01, auc_high=table.auc + 0.005)
    (axes,) = figures.accuracy_vs_cost(table, Criterion(**CRITERION)).axes
    np.testing.assert_allclose(axes.lines[0].get_xydata(), [[10, 0.9], [900, 0.98]])


def test_equal_results_give_equal_drawings(study, tmp_path):
    example = results.read_example(study / "lif/default/example.npz")
    first, second = (
        embedding.embed(figures.example_trial(example, DEPTHS, (500, 1500)), tmp_path, "example", "") for _ in range(2)
    )
    assert first == second


def test_figures_are_saved_as_svg_and_pdf(study, page):
    stems = {path.stem for path in (study / "figures").glob("*.svg")}
    assert {"accuracy_vs_depth", "lif_default_example", "l5pc_nmda_cell"} <= stems
    assert stems == {path.stem for path in (study / "figures").glob("*.pdf")}


def test_axes_carry_units(study):
    table = results.read_accuracy(study / "accuracy_vs_depth.csv")
    example = results.read_example(study / "lif/default/example.npz")
    histories = [results.read_history(study / "lif/default/networks/depth_1/trials_10/seed_1.csv")]
    drawn = [
        (figures.accuracy_vs_depth(table, Criterion(**CRITERION)), ["layers", "AUC"]),
        (figures.accuracy_vs_data(table[table.cell == "lif"], Criterion(**CRITERION)), ["hours", "AUC"]),
        (figures.example_trial(example, DEPTHS, (500, 1500)), ["(ms)", "(mV)", "per ms", "number"]),
        (figures.training_curves(histories), ["Updates", "nats per ms", "AUC"]),
    ]
    for figure, units in drawn:
        labels = " ".join(axes.get_xlabel() + " " + axes.get_ylabel() for axes in figure.axes)
        assert [unit for unit in units if unit not in labels] == []


def test_a_cell_without_a_spike_still_has_a_page(study, tmp_path):
    """Its networks have no AUC."""
    silent = shutil.copytree(study, tmp_path / "silent")
    table = pd.read_csv(silent / "accuracy_vs_depth.csv")
    table.loc[table.cell == "lif", ["auc", "auc_low", "auc_high"]] = np.nan
    table.to_csv(silent / "accuracy_vs_depth.csv", index=False)
    _write(silent, silent / "report.html")
    assert "lif" in (silent / "report.html").read_text()


def test_a_depth_keeps_its_colour_whatever_the_study():
    assert len({figures.depth_colour(depth) for depth in range(1, 9)}) == 8


def test_window_holds_most_of_the_spikes(study):
    example = results.read_example(study / "lif/default/example.npz")
    start_ms, end_ms = figures.readable_window(example, 600)
    assert end_ms - start_ms == 600
    assert np.sum((example.spike_time_ms > start_ms) & (example.spike_time_ms < end_ms)) == 3


def test_a_run_above_threshold_is_one_predicted_spike_at_its_peak():
    probability = np.full(6000, 0.01)
    probability[998:1003] = [0.3, 0.5, 0.9, 0.5, 0.3]
    assert figures.predicted_spikes(probability, np.array([1000.2])).tolist() == [1000]


def test_missing_result_file_is_named_with_its_cure(study, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.npz is missing.*run snakemake"):
        _write(study, tmp_path / "report.html", example="nothing.npz")


def test_missing_column_is_named(tmp_path):
    (tmp_path / "accuracy_vs_depth.csv").write_text("cell,variant\nlif,default\n")
    with pytest.raises(ValueError, match=r"accuracy_vs_depth\.csv: depth.* expected, found cell, variant"):
        results.read_accuracy(tmp_path / "accuracy_vs_depth.csv")


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        ([1, None], "1 or more layers"),
        ([1, 1], "1 layer"),
        ([1, 3], "1 to 3 layers"),
        ([None, None], "none of those tried"),
    ],
)
def test_interval_in_words(interval, words):
    assert wording.possible_depths(interval) == words


@pytest.mark.parametrize(
    ("value_h", "words"),
    [(0.0022, "0.0022 h"), (0.1, "0.10 h"), (1.25, "1.2 h"), (35.0, "35 h"), (120.0, "120 h"), (np.inf, "never")],
)
def test_hours_have_two_digits_that_count(value_h, words):
    assert wording.hours(value_h).replace("\N{NARROW NO-BREAK SPACE}", " ") == words


def test_published_numbers_meet_the_papers_criterion():
    assert min(one.auc for one in published.PUBLISHED.values()) >= 0.991


class _Loads(HTMLParser):
    """Addresses that a browser would fetch by itself: those of links are not among them."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        addresses = LOADING if tag == "a" else LOADING | {"href", "xlink:href"}
        self.found += [value for name, value in attrs if name in addresses]


def _write(
    study: Path, report_path: Path, example: str = "example.npz", unusual_path: Path | None = None, **tables: Path
) -> None:
    conditions = [
        report.Condition(
            cell,
            variant,
            study / cell / variant / example,
            sorted((study / cell / variant).rglob("seed_*.csv")),
            study / "cell.swc" if cell == "l5pc" else None,
            unusual_path if cell == "l5pc" else None,
        )
        for cell, variant, *_ in CELLS
    ]
    verdict_path, accuracy_path = study / "verdict.json", study / "accuracy_vs_depth.csv"
    report.write_report(
        verdict_path,
        accuracy_path,
        conditions,
        study / "benchmarks",
        report_path,
        report_path.parent / "figures",
        **tables,
    )


def _example(rng: np.random.Generator) -> dict[str, object]:
    return {
        "trial_index": 4,
        "n_synapses": 20,
        "n_excitatory": 15,
        "event_time_ms": rng.integers(DURATION_MS, size=400),
        "event_synapse": rng.integers(20, size=400),
        "spike_time_ms": np.array([700.4, 1600.0, 1700.5, 1800.1]),
        "true_voltage_mv": rng.normal(-65, 3, DURATION_MS),
        "depths": np.array(DEPTHS),
        "predicted_voltage_mv": rng.normal(-65, 3, (len(DEPTHS), DURATION_MS)),
        "spike_probability": rng.uniform(0, 0.1, (len(DEPTHS), DURATION_MS)),
    }


def _history() -> pd.DataFrame:
    epochs = np.arange(1, 4)
    losses = {"training_loss": 1 / epochs, "validation_spike_loss": 0.1 / epochs, "validation_auc": 1 - 0.1 / epochs}
    return pd.DataFrame({"epoch": epochs, "updates": 50 * epochs, **losses})


def _verdict() -> dict[str, object]:
    facts = {"description": "A cell", "training_h": 0.03, "test_h": 0.02, "output_rate_hz": 1.1}
    cells = [
        dict(zip(("cell", "variant", "required_depth", "interval", "status", "reason"), cell, strict=True))
        | facts
        | {"best_auc": 0.98, "best_depth": 1}
        for cell in CELLS
    ]
    provenance = {"versions": {"python": "3.11"}, "commit": "abc", "processor": "a processor"}
    return {"criterion": CRITERION, "cells": cells, "configuration": {"seed": 1}, **provenance}
