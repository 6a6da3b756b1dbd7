"""Input rates that scale to any tree: given for a micrometre of dendrite, resolved to those of whole trees."""

import dataclasses

import pandas as pd

from neurodepth.cells.definition import CellDefinition


def with_rates_of_trees(definition: CellDefinition, segments: pd.DataFrame) -> CellDefinition:
    """The same definition, with rates for every tree of the cell where `input.per_um` gives them for a micrometre.

    Args:
        definition: The cell; trees that its `input.trees` names keep those rates.
        segments: One row a dendritic segment with columns tree and length_um.
    """
    statistics = definition.values["input"]
    if "per_um" not in statistics:
        return definition
    trees = dict(statistics.get("trees", {}))
    for tree, length_um in segments.groupby("tree")["length_um"].sum().items():
        trees.setdefault(tree, _times(statistics["per_um"], length_um))
    values = definition.values | {"input": statistics | {"trees": trees}}
    return dataclasses.replace(definition, values=values)


def _times(rates: dict[str, float | list[float]], length_um: float) -> dict[str, float | list[float]]:
    return {
        key: [one * length_um for one in value] if isinstance(value, list) else value * length_um
        for key, value in rates.items()
    }
