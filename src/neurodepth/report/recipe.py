"""The commands that make a study again, from what its verdict.json says of its origin."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MODIFIED = re.compile("-modified$")  # as provenance.commit() marks it
AGAIN = "again"  # folder of the study that is made again
CONFIGURATION = "study.yaml"  # what the reader saves the page's configuration as


@dataclass(frozen=True)
class Recipe:
    """How to make a study again.

    Attributes:
        lines: Commands for a shell, in their order.
        was_modified: Whether the study ran on files that differed from the commit that the commands name.
        own_definitions: Cells and networks of the study itself, relative to its folder, which the reader must bring.
    """

    lines: Sequence[str]
    was_modified: bool
    own_definitions: Sequence[str]


def write_recipe(verdict: Mapping[str, Any]) -> Recipe:
    """Choose the commands.

    Args:
        verdict: Of the study; those of earlier versions do not say which definitions were the study's own.
    """
    commit, version = str(verdict["commit"]), verdict["versions"].get("neurodepth")
    own = verdict.get("own_definitions", [])
    if commit == "unknown":
        lines = [f"pip install neurodepth=={version}" if version else "pip install neurodepth"]
    else:
        lines = [f"git checkout {MODIFIED.sub('', commit)}"]
    if own or commit == "unknown":
        lines += [f"neurodepth new {AGAIN}", f"cp {CONFIGURATION} {AGAIN}/config.yaml"]
        if own:
            lines.append(f"cp -r {shlex.quote(verdict['study_folder'])}/models {AGAIN}/")
        lines += [f"cd {AGAIN}", "snakemake"]
    else:
        lines.append(f"snakemake --configfile {CONFIGURATION}")
    return Recipe(lines, bool(MODIFIED.search(commit)), own)
