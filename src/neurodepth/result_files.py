"""Files of a finished study, found again below its results: what the report is made of, without Snakemake."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurodepth import configuration

if TYPE_CHECKING:
    import pandas as pd

    from neurodepth.report import Condition

VERDICT, ACCURACY = "verdict.json", "accuracy_vs_depth.csv"
COMPARISON, DATA_NEEDED, DEPENDENCE = "pareto.csv", "data_needed.csv", "depth_by_criterion.csv"
NEURONS, DATA = "neurons.csv", "data.csv"
EXAMPLE, UNUSUAL, EXPERIMENTS, TRUST = "example.npz", "out_of_distribution.csv", "experiments.npz", "trust.json"
TUNED = "output_rates.csv"
# Of each neuron, by the name that the report gives it; a study of an earlier version may lack some.
DESCRIBED = {
    "tree_path": "tree.npz",
    "played_path": "played.npz",
    "learned_path": "learned.npz",
    "statistics_path": "statistics.npz",
    "curves_path": "curves.csv",
    "evaluation_path": "evaluation.csv",
    "trust_path": TRUST,
}


def read_table(path: str | Path) -> "pd.DataFrame":
    """Read a table of results: names stay text, also such as `10` or `None`; an empty field is NaN."""
    import pandas as pd  # here, for the workflow reads the names above at the start of every job

    names = ("cell", "variant", "test_variant", "network", "type")
    return pd.read_csv(path, dtype=dict.fromkeys(names, str), keep_default_na=False, na_values=[""])


def conditions(results: Path, study: dict[str, Any]) -> "list[Condition]":
    """Neurons of a study with their files.

    Args:
        results: Folder of its results.
        study: Its configuration, as `verdict.json` keeps it.
    """
    return [_condition(results, one, study) for one in study["conditions"]]


def if_there(path: Path) -> Path | None:
    """A result that the report can do without, or None."""
    return path if path.is_file() else None


def _condition(results: Path, condition: dict[str, Any], study: dict[str, Any]) -> "Condition":
    from neurodepth.report import Condition  # the rules, which read the names above, need no plots

    cell, variant = condition["cell"], condition["variant"]
    folder = results / cell / variant
    asked_for = {  # where the study asks for it: an earlier one may have left it
        "unusual_path": (UNUSUAL, condition.get("test_on")),
        "experiments_path": (EXPERIMENTS, study.get("experiment_backgrounds")),
        "tuned_path": (TUNED, condition.get("target_output_rate_hz")),
    }
    files = DESCRIBED | {name: file for name, (file, is_asked_for) in asked_for.items() if is_asked_for}
    described = {name: if_there(folder / file) for name, file in files.items()}
    histories = _histories(folder / "networks", condition, study)
    return Condition(cell, variant, folder / EXAMPLE, histories, **described)


def _histories(networks: Path, condition: dict[str, Any], study: dict[str, Any]) -> list[Path]:
    """Trainings that the study asks for; a sequential search has not done all, an earlier study may have left others."""
    sizes = configuration.training_sizes(condition["trials"]["train"], study["training_fractions"])
    paths = [
        networks / f"depth_{depth}/trials_{size}/seed_{seed}.csv"
        for depth in study["depths"]
        for size in sizes
        for seed in study["training_seeds"]
    ]
    return [path for path in paths if path.is_file()]
