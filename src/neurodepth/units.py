"""How amounts are written for people."""

import math

MIN_PER_H, S_PER_H = 60, 3600
FEWEST_H = 0.1  # below it, minutes; below one of those, seconds


def hours(value_h: float) -> str:
    """Two digits that count: `7.9 s`, `2.4 min`, `0.40 h`, `35 h`, `120 h`; endless ones are `never`."""
    if math.isinf(value_h):
        return "never"
    unit, per_h = "h", 1
    if value_h < FEWEST_H:
        unit, per_h = ("min", MIN_PER_H) if value_h * MIN_PER_H >= 1 else ("s", S_PER_H)
    value = value_h * per_h
    digits = 0 if value <= 0 else max(0, 1 - math.floor(math.log10(value)))
    return f"{value:,.{digits}f} {unit}"
