"""The command `neurodepth`: everything around a study, and single steps of it by hand.

A module holds one command. What takes long to import is imported inside the commands, so that the help answers at once.
"""

import click

from neurodepth import __version__
from neurodepth.cli.ask import ask
from neurodepth.cli.check import check
from neurodepth.cli.evaluate import evaluate
from neurodepth.cli.experiment import experiment
from neurodepth.cli.export import export
from neurodepth.cli.group import Commands
from neurodepth.cli.info import info
from neurodepth.cli.new import new
from neurodepth.cli.plan import plan
from neurodepth.cli.predict import predict
from neurodepth.cli.report import report
from neurodepth.cli.show import show
from neurodepth.cli.simulate import simulate
from neurodepth.cli.train import train

SECTIONS = {
    "A study": (new, check, plan, report),
    "Single steps": (show, simulate, train, evaluate, predict, experiment, ask),
    "Files": (info, export),
}


@click.group(
    cls=Commands,
    sections=SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__)
@click.option("--traceback", is_flag=True, help="On an error show where in the program it comes from.")
def main(traceback: bool) -> None:
    """How deep a network is this neuron?

    Snakemake runs a study; this command makes, checks and plans one, and does single steps of it by hand. Each
    command's --help has examples; docs/command_line.md has them all, with the exit codes.

    \b
    Examples:
      neurodepth new my_study            a folder with a configuration, ready for snakemake
      neurodepth check config.yaml       all that is wrong with it, at once
      neurodepth show l5pc               a picture of a cell

    \b
    Complete words with the tab key:
      eval "$(_NEURODEPTH_COMPLETE=bash_source neurodepth)"      in ~/.bashrc; zsh_source, fish_source
    """
