import base64
import gzip
import hashlib
import html
import json
import re
import shutil
import struct
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import plotly
import pytest

from neurodepth import figures, report
from neurodepth.brain_cost import ASSUMPTIONS
from neurodepth.depth import Criterion
from neurodepth.report import arrays, blocks, brain, embedding, published, results, wording
from tests.unit import report_files
from tests.unit.report_files import CELLS, CRITERION, DEPTHS

LOADING = {"src", "srcset", "poster", "data", "action", "background"}


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    return report_files.write_study(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def page(study: Path) -> str:
    """The page of a study without the files that a report can do without."""
    return report_files.write_report(study, study / "report.html", files=()).read_text()


@pytest.fixture(scope="module")
def full_page(study: Path, tmp_path_factory) -> str:
    """The page of a study that has everything, whose pyramidal cell is its own and has a baseline and unusual input."""
    folder = tmp_path_factory.mktemp("full") / "study"
    shutil.copytree(study, folder)
    origin = {"commit": "abc-modified", "study_folder": "mine", "own_definitions": ["models/cells/l5pc"]}
    verdict = json.loads((folder / "verdict.json").read_text())
    (folder / "verdict.json").write_text(json.dumps(verdict | origin))
    compared = pd.read_csv(folder / "pareto.csv")
    perceptron = compared.iloc[:1].assign(network="perceptron", type="perceptron", depth=0, auc=0.9, auc_low=0.88)
    pd.concat([compared, perceptron]).to_csv(folder / "pareto.csv", index=False)
    unusual_path = folder / "out_of_distribution.csv"
    unusual = [("volleys", 3, 10, 0.5), ("volleys", 3, 20, 0.8101), ("volleys", 3, 20, 0.8103)]
    pd.DataFrame(unusual, columns=results.UNUSUAL_COLUMNS).to_csv(unusual_path, index=False)
    tables = ("comparison", "data_needed", "dependence", "neurons", "data")
    return report_files.write_report(
        folder, folder / "report.html", tables=tables, unusual_path=unusual_path
    ).read_text()


def test_the_comparison_says_what_other_criteria_would_answer(full_page, page):
    shown = full_page.split("With another criterion")[1].split("</section>")[0]
    assert "none of these" in shown
    assert "3 or more" in shown
    assert "With another criterion" not in page


def test_neurons_are_ranked_by_complexity_with_the_size_of_their_trees(full_page, page):
    table = full_page.split("Complexity and size")[1].split("</table>")[0]
    assert '0.60 <span class="low">(0.50 to 0.70)' in table
    assert "12.6" in table
    assert "Complexity and size" not in page


def test_the_data_of_all_neurons_stand_side_by_side(full_page, page):
    table = full_page.split('id="comparison-data"')[1].split("</table>")[0]
    rows = [re.sub(r"<[^>]+>", " ", row).split() for row in table.split("<tr>")[2:]]
    assert [row[:2] for row in rows] == [["l5pc", "(nmda)"], ["lif", "(default)"]]
    assert all("100" in row and "1.10" in row for row in rows)
    assert 'id="comparison-data"' not in page


def test_the_page_shows_each_experiment_with_the_errors_of_every_network(full_page):
    part = full_page.split('id="l5pc_nmda-experiments"')[1].split("</section>")[0]
    tables = dict(re.findall(r'aria-label="Errors of the networks: ([^"]+)">(.*?)</table>', part, re.DOTALL))
    assert set(tables) == {"A sequence along a branch", "Gain set by the tuft"}
    assert [one.count('<tr><th scope="row">') for one in tables.values()] == [2 * len(DEPTHS)] * 2  # two backgrounds


def test_the_cost_of_a_brain_says_whether_its_network_meets_the_criterion(full_page):
    part = brain_part(full_page)
    assert "No network of this neuron surely reaches the ROC AUC of the criterion</strong>, 0.991" in part
    assert 'The best has 0.9860 <span class="low">(0.9760 to 0.9910)' in part


def test_any_other_neuron_costs_what_the_point_neuron_of_the_study_does(full_page):
    part = brain_part(full_page)
    assert "counted: tcn of the point neuron lif (default), AUC 0.9860" in part
    assert 'data-assumption="other_multiply_adds_per_ms" value="900"' in part


def test_the_cheapest_network_that_surely_meets_the_criterion_is_what_a_brain_costs():
    """Neither one that may fall short, nor the one that is given the cell's true past spikes."""
    models = pd.DataFrame(
        {"auc": [0.9, 0.993, 0.9935, 0.995, 0.999], "auc_low": [0.89, 0.9905, 0.992, 0.994, 0.998], "auc_high": 1.0}
        | {"multiply_adds_per_ms": [10.0, 15, 20, 40, 5], "network": "tcn"}
        | {"type": [*["tcn"] * 4, "linear_nonlinear_poisson"]}
    )
    found = [brain.describe(rows, Criterion(**CRITERION), ASSUMPTIONS) for rows in (models, models.iloc[[0]])]
    assert [(one["meets"], one["multiply_adds_per_ms"]) for one in found] == [(True, 20), (False, 10)]


def test_without_a_point_neuron_the_assumption_stays():
    assert (
        brain.assume([], pd.DataFrame({"cell": ["l5pc"], "variant": ["nmda"]}), Criterion(**CRITERION)) == ASSUMPTIONS
    )


def test_page_loads_nothing_from_the_network(full_page):
    loads = _Loads()
    loads.feed(re.sub("</?noscript>", "", full_page))
    assert loads.found, "the page should at least hold the rasters, as data"
    assert all(address.startswith(("data:", "#")) for address in loads.found)
    assert not re.search(r"@import|url\((?!#|['\"]?data:)", full_page)


def test_page_admits_its_own_scripts_alone(full_page):
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', full_page)
    (script,) = re.findall(r"<script>(.*?)</script>", full_page, re.DOTALL)
    admitted = {f"'sha256-{_sha256(one)}'" for one in (script, plotly.offline.get_plotlyjs())}
    assert set(re.search("script-src ([^;]+)", policy)[1].split()) == admitted
    assert "default-src 'none'; connect-src 'none'" in policy


def test_page_gives_each_cells_reason_escaped(page):
    for *_, reason in CELLS:
        assert html.escape(reason) in page
    assert "<b>AUC</b>" not in page


def test_page_shows_what_unreliable_synapses_leave_to_predict_where_there_are_some(page):
    assert re.findall(r"unreliable synapses leave</th><td>(.*?)</td>", page) == ["at least 0.9501"]


def test_page_says_how_the_input_of_a_neuron_was_tuned(page, full_page):
    (part,) = re.findall(r"Input tuned: factor on all rates</th><td>([\s\S]*?)Hz", full_page)
    shown = " ".join(re.sub(r"<[^>]*>", " ", part).split())
    assert shown == "0.500 — Output rate of its 16 pilot trials, with its standard error 0.93 ± 0.21"
    assert "Input tuned" not in page


def test_page_says_how_far_to_trust_networks_and_on_what_input(page, full_page):
    cells = [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in re.findall(r"<tr>[\s\S]*?</tr>", full_page)]
    assert "1 layer 1 ± 3.00 mV 90 % of ms" in cells
    assert "1 layer 2 ± 1.80 mV 90 % of ms" in cells
    assert "all excitatory 18 to 50 180 to 500" in cells  # (4 - 1)^2 and (4 + 1)^2 events in 500 ms and in 50 ms
    assert "How far to trust these networks" not in page


def test_page_shows_the_depth_of_a_cell_that_has_one(page):
    assert re.search(r'class="big">1</p>\s*<p class="label">layer required', page)


def test_the_papers_depth_and_auc_stand_beside_ours(page):
    row = page.split('id="comparison-table"')[1].split("<tr>")[2]
    assert re.sub(r"<[^>]+>", " ", row).split()[-2:] == ["7", "0.9911"]


def test_parts_without_a_file_say_what_is_missing(page, full_page):
    absent = ("tree.npz", "played.npz", "learned.npz", "statistics.npz", "curves.csv")
    assert [name for name in absent if f"the study has no {name}" not in page] == []
    assert "the study has no" not in full_page


def test_every_drawing_has_a_text_alternative_and_identifiers_are_unique(full_page):
    drawings = re.findall(r"<svg[^>]*>|<img[^>]*>", full_page)
    assert len(drawings) > 10 * len(CELLS)
    assert all(re.search(r'(role="img" aria-label|alt)="[^"]{10,}"', drawing) for drawing in drawings)
    identifiers = re.findall(r'\bid="([^"]+)"', full_page)
    assert len(identifiers) == len(set(identifiers))


def test_figures_of_a_neuron_wait_until_they_are_looked_at(full_page):
    """A browser with scripts takes what stands in noscript for text: it builds none of a study's thousands of lines."""
    shown = re.sub(r"<noscript>.*?</noscript>", "", full_page, flags=re.DOTALL)
    assert len(re.findall("<svg", shown)) <= len(CELLS) + 1, "the portraits and the strips of criteria alone"


def test_page_sums_the_cost_of_each_rule(page):
    assert re.search(
        r"train_network</code></th><td[^>]*>1</td><td[^>]*>1 min 1[56] s</td>\s*<td[^>]*>1 min 20 s</td><td[^>]*>812</td>",
        page,
    )


def test_page_says_how_to_make_its_study_again(page, full_page):
    assert "git checkout abc\nsnakemake --configfile study.yaml" in page
    assert "Files of the program differed" not in page
    shown = html.unescape(re.sub(r"<[^>]+>", "", full_page.split("How it was made</h2>")[1]))
    assert "the folder of this study beside it, which holds models/cells/l5pc:" in shown
    assert (
        "git checkout abc\nneurodepth new again\ncp study.yaml again/config.yaml\ncp -r mine/models again/\n" in shown
    )
    assert "Files of the program differed from this commit" in shown


def test_page_compares_networks_of_several_kinds(page, full_page):
    assert "Networks of all kinds" not in page
    assert full_page.count("Networks of all kinds") == 1, "the point neuron has networks of one kind"
    assert re.search(r'row">perceptron</th>\s*<td[^>]*>0.9000 <span class="low">\(0.8800 to', full_page)


def test_page_says_how_much_data_a_depth_needs(full_page):
    assert re.search(r"never</td>\s*<td[^>]*>40.h to never</td>\s*<td[^>]*>\N{EM DASH}</td>", full_page)


def test_page_gives_the_mean_score_on_unusual_input_after_all_the_data(full_page):
    assert re.search(r'row">volleys</th><td>0\.8102</td>', full_page)


def test_a_block_holds_what_was_packed():
    counted = blocks.Steps(np.array([[-2, 3]], np.int8), 0.5, -60.0)
    stored = {
        "x": np.array([1.5, np.nan]),
        "on": np.array([True]),
        "steps": counted,
        "names": np.array(["a", "b"]),
        "one": np.array(7),
        "n": 3,
    }
    values = unpack(blocks.pack(stored))
    np.testing.assert_array_equal(values["x"], [1.5, np.nan])
    np.testing.assert_array_equal(values["steps"], [[-61, -58.5]])
    assert values["one"].shape == ()
    assert (values["on"].tolist(), values["names"], values["n"]) == ([1], ["a", "b"], 3)


def test_numbers_in_steps_are_off_by_half_a_step_at_most():
    values = np.linspace(-80, 40, 1001)
    for n_steps in (254, 4000):
        kept = blocks.in_steps(values, n_steps)
        restored = kept.offset + kept.step * kept.count
        assert np.abs(restored - values).max() <= 0.5 * 120 / n_steps * 1.001


def test_the_richest_block_that_fits_is_taken_and_the_poorest_where_none_does():
    assert blocks.richest(iter(["four", "two", "o"]), 3) == "two"
    assert blocks.richest(iter(["four", "two"]), 1) == "two"


def test_a_trial_in_the_page_is_the_one_in_the_file(study, full_page):
    values = unpack(re.search(r'id="block-l5pc_nmda-played">([^<]+)<', full_page)[1])
    played = arrays.read(study / "l5pc/nmda/played.npz", arrays.PLAYED)
    soma_mv, kept_mv = played["soma_voltage_mv"].astype(float), values["soma_voltage_mv"]
    assert np.abs(kept_mv - soma_mv).max() <= np.ptp(soma_mv) / 4000
    np.testing.assert_array_equal(values["segment_voltage_mv"], played["segment_voltage_mv"])
    names = ("event_trial", "event_synapse", "event_time_ms")
    expected = sorted(zip(*(played[name].tolist() for name in names), strict=True))
    assert list(zip(*(values[name].tolist() for name in names), strict=True)) == expected


@pytest.fixture(scope="module")
def cramped(study, tmp_path_factory):
    """A page that has no room for anything, and what was logged about it."""
    path, heard = tmp_path_factory.mktemp("cramped") / "report.html", []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("LARGEST_PAGE_CHARACTERS", "LARGEST_PAGE_BYTES", "LARGEST_DRAWINGS_CHARACTERS"):
            patch.setattr(report, name, 0)
        patch.setattr(report.log, "warning", lambda text, *values: heard.append(text % values))
        return report_files.write_report(study, path, CELLS[:1]).read_text(), heard


def test_many_neurons_share_the_room_of_the_page(cramped):
    """With little room a neuron keeps fewer trials."""
    values = unpack(re.search(r'id="block-l5pc_nmda-played">([^<]+)<', cramped[0])[1])
    assert values["trial_index"].tolist() == [4]
    assert values["event_trial"].max() == 0


def test_a_page_says_which_figures_it_has_no_room_for(cramped, full_page):
    assert all(f"<code>l5pc_nmda_{kind}</code>" in cramped[0] for kind in ("roc", "calibration", "experiment_gain"))
    assert "figures/l5pc_nmda_experiment_gain.svg" in cramped[0]
    assert "the page has no room" not in full_page


def test_a_page_that_is_too_large_is_written_with_a_warning(cramped):
    (warning,) = cramped[1]
    assert re.search(r"report\.html: expected at most 0 MB, found \d\.\d MB", warning)


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
    assert {"accuracy_vs_depth", "lif_default_example"} <= stems
    assert stems == {path.stem for path in (study / "figures").glob("*.pdf")}


def test_a_cell_is_drawn_from_its_results(study, page, tmp_path):
    report_files.write_report(study, tmp_path / "report.html", CELLS[:1], files=("tree",))
    assert (tmp_path / "figures" / "l5pc_nmda_cell.svg").is_file()
    assert not (study / "figures" / "l5pc_nmda_cell.svg").exists()  # its page was made without


def test_axes_carry_units(study):
    table = results.read_table(study / "accuracy_vs_depth.csv", results.ACCURACY_COLUMNS)
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


def test_amounts_of_data_are_named_in_hours_or_minutes(study):
    table = results.read_table(study / "accuracy_vs_depth.csv", results.ACCURACY_COLUMNS).query("cell == 'lif'")
    (axes,) = figures.accuracy_vs_depth(table.assign(training_h=0.2), Criterion(**CRITERION)).axes
    assert "0.20 h" in {text.get_text() for text in axes.texts}
    (axes,) = figures.accuracy_vs_depth(table.assign(training_h=0.04), Criterion(**CRITERION)).axes
    assert "2.4 min" in {text.get_text() for text in axes.texts}


def test_a_cell_without_a_spike_still_has_a_page(study, tmp_path):
    """Its networks have no AUC."""
    silent = shutil.copytree(study, tmp_path / "silent")
    table = pd.read_csv(silent / "accuracy_vs_depth.csv")
    table.loc[table.cell == "lif", ["auc", "auc_low", "auc_high"]] = np.nan
    table.to_csv(silent / "accuracy_vs_depth.csv", index=False)
    assert "lif" in report_files.write_report(silent, silent / "report.html", CELLS[1:], files=()).read_text()


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
        report_files.write_report(study, tmp_path / "report.html", CELLS[:1], example="nothing.npz")


def test_missing_column_is_named(tmp_path):
    (tmp_path / "accuracy_vs_depth.csv").write_text("cell,variant\nlif,default\n")
    with pytest.raises(ValueError, match=r"accuracy_vs_depth\.csv: depth.* expected, found cell, variant"):
        results.read_table(tmp_path / "accuracy_vs_depth.csv", results.ACCURACY_COLUMNS)


def test_missing_array_is_named(tmp_path):
    np.savez(tmp_path / "tree.npz", segment_start_um=np.zeros(3))
    with pytest.raises(ValueError, match=r"tree\.npz: segment_end_um.* expected, found segment_start_um: delete it"):
        arrays.read(tmp_path / "tree.npz", arrays.TREE)


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


def test_the_answer_is_a_sentence_with_its_interval_and_confidence():
    names = ("cell", "variant", "required_depth", "interval", "status")
    answers = (
        ("l5pc", "nmda", 6, [5, 6], "reached"),
        ("lif", "default", 1, [1, 1], "reached"),
        ("l5pc", "no_nmda", None, [1, None], "undecided"),
        ("l5pc", "passive", None, [None, None], "not reached"),
    )
    assert wording.summary([dict(zip(names, one, strict=True)) for one in answers], Criterion(**CRITERION)) == (
        "l5pc (nmda) requires 6 layers, 5 to 6 at 95 %; lif (default) requires 1 layer, 1 alone at 95 %. "
        "For l5pc (no_nmda), too few test spikes or training seeds to decide. "
        "For l5pc (passive), no depth tried imitates the cell well enough, nor would one with 8 times the data."
    )


@pytest.mark.parametrize(
    ("value_h", "words"),
    [
        (0.0022, "7.9 s"),
        (0.04, "2.4 min"),
        (0.1, "0.10 h"),
        (1.25, "1.2 h"),
        (35.0, "35 h"),
        (120.0, "120 h"),
        (np.inf, "never"),
    ],
)
def test_hours_have_two_digits_that_count(value_h, words):
    assert wording.hours(value_h).replace("\N{NARROW NO-BREAK SPACE}", " ") == words


@pytest.mark.parametrize(
    ("value", "text"), [(0.99096, "0.9910"), (0.99996, "0.99996"), (0.9999997, "0.9999997"), (1.0, "1.0000")]
)
def test_a_share_short_of_1_is_never_written_as_1(value, text):
    assert wording.number(value, 4) == text


def test_a_time_that_was_not_measured_is_a_dash(tmp_path):
    path = tmp_path / "train_network" / "lif" / "default" / "one.tsv"
    path.parent.mkdir(parents=True)
    path.write_text("s\th:m:s\tmax_rss\tcpu_time\n75.5\t0:01:15\t812.0\tNA\n")
    (row,) = results.sum_benchmarks(results.read_benchmarks(tmp_path), "lif/default").to_dict("records")
    assert wording.duration(row["total_s"]) == "1 min 16 s"
    assert wording.duration(row["processor_s"]) == wording.DASH


def test_a_criterion_on_the_voltage_is_told(study, tmp_path):
    verdict = json.loads((study / "verdict.json").read_text())
    verdict["criterion"]["variance_explained"] = 0.95
    own = shutil.copytree(study, tmp_path / "study")
    (own / "verdict.json").write_text(json.dumps(verdict))
    page = report_files.write_report(own, tmp_path / "report.html").read_text()
    assert "which explains\n0.95 of the variance" in page
    assert "and the variance explained at least 0.95" in page


def test_published_numbers_meet_the_papers_criterion():
    assert min(one.auc for one in published.PUBLISHED.values()) >= 0.991


def brain_part(page: str) -> str:
    """The cost of a brain by the pyramidal cell."""
    return page.split('id="l5pc_nmda-brain"')[1].split("</section>")[0]


def unpack(block: str) -> dict[str, object]:
    """What the browser makes of a block: scripts/blocks.js once more."""
    whole = gzip.decompress(base64.b64decode(block))
    (length,) = struct.unpack_from("<I", whole)
    values = {}
    for name, one in json.loads(whole[4 : 4 + length]).items():
        if "value" in one:
            values[name] = one["value"]
            continue
        count = int(np.prod(one["shape"]))
        array = np.frombuffer(whole, one["type"], count, 4 + length + one["at"])
        array = (np.cumsum(array, dtype=one["type"]) if one.get("summed") else array).reshape(one["shape"])
        values[name] = one["offset"] + one["step"] * array if "step" in one else array
    return values


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


class _Loads(HTMLParser):
    """Addresses that a browser would fetch by itself: those of links are not among them."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        addresses = LOADING if tag == "a" else LOADING | {"href", "xlink:href"}
        self.found += [value for name, value in attrs if name in addresses]
