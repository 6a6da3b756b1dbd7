"""The command line: its help, its outputs, its exit codes."""

import errno
import json
import os
import subprocess
import sys

import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner

from neurodepth import dataset, surrogate
from neurodepth.cli import main, options, reference
from neurodepth.cli.group import INTERRUPTED, MACHINE, PROBLEM, USAGE

COMMANDS = {
    "new",
    "check",
    "plan",
    "report",
    "show",
    "simulate",
    "train",
    "evaluate",
    "predict",
    "experiment",
    "ask",
    "info",
    "export",
}
HEAVY = {
    "numpy",
    "pandas",
    "h5py",
    "scipy",
    "yaml",
    "jsonschema",
    "tensorflow",
    "keras",
    "neuron",
    "matplotlib",
    "dask",
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    return lambda *arguments: runner.invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def shards(run):
    """Trials of a point neuron: t.h5, v.h5 and x.h5 of the splits train, validation and test."""
    for name, split, n_trials in (("t", "train", 6), ("v", "validation", 3), ("x", "test", 6)):
        done = run(
            *("simulate", "lif", "--split", split, "--trials", n_trials, "--duration-ms", 2000),
            *("--output", f"{name}.h5", "--cores", 1),
        )
        assert done.exit_code == 0, done.output
    return run


SMALL = ("--network", "point", "--updates", 8, "--updates-per-epoch", 4, "--batch-size", 4, "--window-ms", 400)


def test_the_help_lists_all_commands_in_sections(run):
    output = run("-h").output
    assert set(main.commands) == COMMANDS
    assert output.index("A study:") < output.index("  new ") < output.index("Single steps:") < output.index("  train ")


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_teaches_by_example(run, command):
    output = run(command, "--help").output
    assert f"  neurodepth {command} " in output
    assert "Example" in output


def test_the_help_imports_nothing_heavy():
    program = f"import sys, neurodepth.cli; print(sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_page_of_the_documentation_is_what_the_commands_say(project):
    written = (project / "docs" / "command_line.md").read_text()
    assert written == reference.page(), "python -m neurodepth.cli.reference > docs/command_line.md"


def test_the_tab_key_completes_commands_and_names_of_cells():
    complete = BashComplete(main, {}, "neurodepth", "_NEURODEPTH_COMPLETE")
    assert [item.value for item in complete.get_completions([], "ev")] == ["evaluate"]
    assert "l5pc_hay2011" in [item.value for item in complete.get_completions(["show"], "l5")]


def test_simulated_trials_are_described(run):
    done = run("simulate", "lif", "--trials", 3, "--duration-ms", 1000, "--output", "lif.h5")
    assert done.exit_code == 0, done.output
    described = run("info", "lif.h5").output
    assert "input_rate_hz" in described
    assert "3 x 1000 (trials,time) mV" in described
    assert json.loads(run("info", "lif.h5", "--json").output)["summary"]["trials"] == 3


def test_a_cell_is_known_by_its_folder_too(run, project):
    done = run("simulate", project / "models" / "cells" / "lif", "--trials", 1, "--duration-ms", 100)
    assert done.exit_code == 0, done.output


def test_simulation_looks_for_morphologies_in_the_data_folder_given(run, tmp_path):
    (tmp_path / "mine" / "morphologies").mkdir(parents=True)
    (tmp_path / "mine" / "morphologies" / "cell1.asc").write_text("another")
    done = run("simulate", "l5pc_hay2011", "--data", "mine")
    assert done.exit_code == PROBLEM
    assert "mine/morphologies/cell1.asc: sha256 is" in done.output


def test_an_existing_output_is_not_replaced(run, tmp_path):
    (tmp_path / "trials.h5").write_text("mine")
    done = run("simulate", "lif", "--trials", 1)
    assert done.exit_code == PROBLEM
    assert "--overwrite" in done.output
    assert (tmp_path / "trials.h5").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("info", "nothing.h5"), "no such file"),
        (("info", "nothing.keras"), "no such file"),
        (("export", "nothing.h5", "--format", "nwb", "--output", "a.nwb"), "no such file"),
        (("simulate", "nowhere"), "no such file"),
        (("simulate", "lfi"), "did you mean 'lif'"),
        (("simulate", "lif", "--variant", "nmda"), "no variant 'nmda'"),
        (("report", "nowhere"), "verdict.json is missing"),
        (("plan", "nothing.yaml"), "no such file"),
    ],
)
def test_bad_input_gets_one_clear_line(run, arguments, message):
    done = run(*arguments)
    assert done.exit_code == PROBLEM
    assert message in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "arguments",
    [("simulat", "lif"), ("simulate", "lif", "--trials", 0), ("plan", "--cores", 1, "--jobs", 1), ("train",)],
)
def test_wrong_usage_has_an_exit_code_of_its_own(run, arguments):
    assert run(*arguments).exit_code == USAGE


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), RuntimeError("No space left on device"), MemoryError("big")],
)
def test_what_the_machine_stops_has_an_exit_code_of_its_own(run, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(dataset, "write_shard", fail)
    done = run("simulate", "lif", "--trials", 1, "--duration-ms", 100)
    assert done.exit_code == MACHINE
    assert "Error: " in done.output


def test_an_interruption_has_an_exit_code_of_its_own_and_leaves_no_file(shards, tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    before = set(tmp_path.iterdir())
    monkeypatch.setattr(surrogate, "describe", interrupt)
    done = shards("predict", "net.keras", "x.h5")
    assert done.exit_code == INTERRUPTED
    assert set(tmp_path.iterdir()) == before


def test_an_error_shows_where_it_comes_from_if_asked(run):
    done = run("--traceback", "info", "nothing.h5")
    assert isinstance(done.exception, dataset.DatasetError)


@pytest.mark.parametrize(("file_format", "output"), [("nwb", "lif.nwb"), ("sonata", "lif_sonata")])
def test_trials_are_exported(run, file_format, output):
    run("simulate", "lif", "--trials", 2, "--duration-ms", 100, "--output", "lif.h5")
    done = run("export", "lif.h5", "--format", file_format, "--output", output, "--cell", "lif")
    assert done.exit_code == 0, done.output
    assert f"{output}: 2 simulated trials of the cell lif" in done.output


def test_an_unknown_export_format_is_named_with_the_known_ones(run):
    done = run("export", "lif.h5", "--format", "nix", "--output", "lif.nix")
    assert done.exit_code == USAGE
    assert "'nix' is not one of 'nwb', 'sonata'" in done.output


def test_training_refuses_test_trials_and_asks_for_validation_trials(shards):
    assert "found test: leave it out" in shards("train", "t.h5", "x.h5").output
    assert "none of validation" in shards("train", "t.h5").output


def test_a_training_replaces_nothing_unasked_and_takes_no_misspelt_study(shards, tmp_path):
    (tmp_path / "net.csv").write_text("mine")
    done = shards("train", "t.h5", "v.h5", "--output", "net.keras")
    assert "net.csv exists: choose another --output or give --overwrite" in done.output
    (tmp_path / "study.yaml").write_text("training: {lerning_rate: 0.5}")
    done = shards("train", "t.h5", "v.h5", "--config", "study.yaml", "--output", "other.keras")
    assert done.exit_code == PROBLEM
    assert "study.yaml: unknown key 'training.lerning_rate': did you mean 'learning_rate'?" in done.output


def test_an_output_that_cannot_be_written_is_refused_before_the_work(run):
    done = run("simulate", "lif", "--output", "/proc/nowhere/lif.h5")
    assert done.exit_code == PROBLEM
    assert "trial" not in done.output


def test_an_output_that_is_not_finished_leaves_the_old_one_and_nothing_else(tmp_path):
    output = tmp_path / "net.keras"
    output.write_text("old")

    def write_half():
        with options.whole(output) as path:
            path.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert output.read_text() == "old"
    assert list(tmp_path.iterdir()) == [output]


def test_what_is_written_beside_an_output_takes_its_place_with_it(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "mine.svg").write_text("mine")
    with options.whole(tmp_path / "report.html") as path:
        path.write_text("page")
        path.with_name("figures").mkdir()
        (path.with_name("figures") / "a.svg").write_text("a")
    written = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    assert written == {"report.html", "figures/a.svg", "figures/mine.svg"}
