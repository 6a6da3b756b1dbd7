"""Numbers and verdicts in words."""

import math
from collections.abc import Sequence
from typing import Any

from neurodepth import units
from neurodepth.criterion import Criterion
from neurodepth.figures import layers

DASH = "\N{EM DASH}"
# What stands under the large number, or under the dash in its place.
HEADLINES = {
    "limited by training": "no depth yet: longer training needed",
    "limited by data": "no depth yet: more data needed",
    "undecided": "no depth yet: more test trials or seeds needed",
    "not reached": "not reached by any depth tried",
}


def name_of(cell: dict[str, Any]) -> str:
    """`l5pc (nmda)`."""
    return f"{cell['cell']} ({cell['variant']})"


def headline(cell: dict[str, Any]) -> str:
    """What stands under the required depth."""
    if cell["required_depth"] is not None:
        return f"{layers(cell['required_depth']).split()[1]} required"
    return HEADLINES.get(cell["status"], cell["status"])


def possible_depths(interval: Sequence[int | None]) -> str:
    """Depths that the data allow, from an interval whose open end is None."""
    low, high = interval
    if low is None:
        return "none of those tried"
    if high is None:
        return f"{low} or more layers"
    return layers(low) if low == high else f"{low} to {high} layers"


def summary(cells: Sequence[dict[str, Any]], criterion: Criterion) -> str:
    """The whole answer in a sentence or two, such as `l5pc (nmda) requires 6 layers, 5 to 6 at 95 %`."""
    answers = [
        f"{name_of(c)} requires {layers(c['required_depth'])}, {_depths(c['interval'])} at {100 * criterion.confidence:g} %"
        for c in cells
        if c["required_depth"] is not None
    ]
    sentences = [f"{'; '.join(answers)}."] if answers else []
    for status, words in (
        (
            "limited by training",
            "training ended too early to tell what more of it would give, so that no depth can be named yet",
        ),
        (
            "limited by data",
            "accuracy still rises with the amount of simulated data, so that no depth can be named yet",
        ),
        ("undecided", "too few test spikes or training seeds to decide"),
        (
            "not reached",
            f"no depth tried imitates the cell well enough, nor would one with {2**criterion.further_doublings:g} times the data",
        ),
    ):
        others = [name_of(c) for c in cells if c["required_depth"] is None and c["status"] == status]
        if others:
            sentences.append(f"For {joined(others)}, {words}.")
    return " ".join(sentences)


def number(value: float | None, digits: int) -> str:
    """A number with fixed decimals and a true minus sign, or a dash where there is none.

    A share short of 1 is never written as 1: it gets the decimals that it needs.
    """
    if value is None or math.isnan(value):
        return DASH
    if 0.9 < value < 1 and digits:
        digits = max(digits, math.ceil(-math.log10(1 - value)))
    return f"{value:,.{digits}f}".replace("-", "\N{MINUS SIGN}").replace(",", "\N{NARROW NO-BREAK SPACE}")


def hours(value_h: float | None) -> str:
    """`units.hours` with spaces that do not break, or a dash where there is no number."""
    if value_h is None or math.isnan(value_h):
        return DASH
    return units.hours(value_h).replace(",", "\N{NARROW NO-BREAK SPACE}").replace(" ", "\N{NARROW NO-BREAK SPACE}")


def duration(seconds: float) -> str:
    """`40.5 s`, `4 min 20 s`, `3 h 5 min`; a dash where it is not known."""
    if math.isnan(seconds):
        return DASH
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def joined(parts: Sequence[Any]) -> str:
    """`1`, `1 and 3`, `1, 3 and 7`."""
    parts = [str(part) for part in parts]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _depths(interval: Sequence[int | None]) -> str:
    """`5 to 6`, or `5 alone`: what the data allow of a neuron that has a depth, so that neither end is open."""
    low, high = interval
    return f"{low} alone" if low == high else f"{low} to {high}"
