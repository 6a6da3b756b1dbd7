"""What the page says of the cost of a brain: by a neuron's network, and by a point neuron's network for all other neurons."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from neurodepth import brain_cost, neurons, pareto
from neurodepth.brain_cost import ASSUMPTIONS, Assumption
from neurodepth.depth import Criterion
from neurodepth.report import arrays
from neurodepth.report.results import Condition

OTHERS = "other_multiply_adds_per_ms"


def choose(models: pd.DataFrame, criterion: Criterion) -> pd.Series:
    """The cheapest network whose AUC surely reaches the criterion's; if none does, the one of the best AUC."""
    comparable = models[~models.type.isin(pareto.NOT_COMPARED)]
    by_cost = comparable.sort_values("multiply_adds_per_ms", kind="stable")
    meet = by_cost[by_cost.auc_low >= criterion.auc]
    return (by_cost.sort_values("auc", ascending=False, kind="stable") if meet.empty else meet).iloc[0]


def assume(conditions: Sequence[Condition], models: pd.DataFrame | None, criterion: Criterion) -> dict[str, Assumption]:
    """The assumptions, where the study has a point neuron with the cost of its network for any other neuron."""
    if models is None:
        return ASSUMPTIONS
    points = [(one.cell, one.variant) for one in conditions if _is_point(one)]
    of_points = models[[key in points for key in zip(models.cell, models.variant, strict=True)]]
    if of_points.empty:
        return ASSUMPTIONS
    found = choose(of_points, criterion)
    source = f"counted: {found.network} of the point neuron {found.cell} ({found.variant}), AUC {found.auc:.4f}"
    others = ASSUMPTIONS[OTHERS].changed(float(found.multiply_adds_per_ms), source)
    return ASSUMPTIONS | {OTHERS: others}


def describe(
    models: pd.DataFrame | None, criterion: Criterion, assumptions: dict[str, Assumption]
) -> dict[str, Any] | None:
    """What a brain would cost by one of a neuron's networks; None where no cost is known."""
    if models is None or models.empty:
        return None
    chosen = choose(models, criterion)
    cost = float(chosen.multiply_adds_per_ms)
    return {
        "network": str(chosen.network),
        **{name: float(chosen[name]) for name in ("auc", "auc_low", "auc_high")},
        "meets": bool(chosen.auc_low >= criterion.auc),
        "multiply_adds_per_ms": cost,
        "assumptions": assumptions,
        "estimates": brain_cost.estimate(cost, assumptions).to_dict("records"),
    }


def _is_point(condition: Condition) -> bool:
    if condition.tree_path is None:
        return False
    return neurons.measure(arrays.read(condition.tree_path, arrays.NEEDED["tree"]))["dendritic_branches"] == 0
