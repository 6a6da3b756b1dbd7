import pytest
from click.testing import CliRunner

from neurodepth.cli import main


@pytest.fixture
def run(project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    return lambda *arguments: runner.invoke(main, [str(argument) for argument in arguments])


def test_help_teaches(run):
    assert "simulate" in run("--help").output
    assert "neurodepth info" in run("simulate", "--help").output


def test_simulated_trials_are_described(run, project):
    done = run(
        "simulate", project / "models" / "cells" / "lif", "--trials", 3, "--duration-ms", 1000, "--output", "lif.h5"
    )
    assert done.exit_code == 0, done.output
    described = run("info", "lif.h5").output
    assert "input_rate_hz" in described
    assert "3 x 1000 (trials,time) mV" in described


def test_an_existing_output_is_not_replaced(run, project, tmp_path):
    (tmp_path / "trials.h5").write_text("mine")
    done = run("simulate", project / "models" / "cells" / "lif", "--trials", 1)
    assert done.exit_code != 0
    assert "--overwrite" in done.output
    assert (tmp_path / "trials.h5").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("info", "nothing.h5"), "no such file"),
        (("export", "nothing.h5", "--format", "nwb", "--output", "a.nwb"), "no such file"),
        (("simulate", "nowhere"), "no such file"),
        (("simulate", "LIF", "--variant", "nmda"), "no variant 'nmda'"),
    ],
)
def test_bad_input_gets_one_clear_line(run, project, arguments, message):
    lif = str(project / "models" / "cells" / "lif")
    done = run(*[lif if argument == "LIF" else argument for argument in arguments])
    assert done.exit_code == 1
    assert message in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(("file_format", "output"), [("nwb", "lif.nwb"), ("sonata", "lif_sonata")])
def test_trials_are_exported(run, project, file_format, output):
    lif = project / "models" / "cells" / "lif"
    run("simulate", lif, "--trials", 2, "--duration-ms", 100, "--output", "lif.h5")
    done = run("export", "lif.h5", "--format", file_format, "--output", output, "--cell", lif)
    assert done.exit_code == 0, done.output
    assert f"{output}: 2 simulated trials of the cell lif" in done.output


def test_an_unknown_export_format_is_named_with_the_known_ones(run):
    done = run("export", "lif.h5", "--format", "nix", "--output", "lif.nix")
    assert done.exit_code != 0
    assert "'nix' is not one of 'nwb', 'sonata'" in done.output
