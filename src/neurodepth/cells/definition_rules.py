"""What a schema cannot say of a cell's values: bounds in their order, times above 0."""

import math
from collections.abc import Iterator
from typing import Any

from neurodepth.cells.trial import steps_per_ms

MEMBRANE = ("regions", "channel_scale", "mechanism_parameters")
TREES = {"compartmental": ("basal", "apical"), "foreign": ("basal", "apical"), "point": ("point",)}


def faults(values: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the values of a cell, after the schema has found nothing.

    Args:
        values: The content of a `cell.yaml` with a variant laid over it.
    """
    yield from _of_foreign(values)
    yield from _of_regions(values.get("regions", {}))
    yield from _of_synapses(values.get("synapses", {}))
    yield from _of_input(values["input"], TREES[values["type"]])
    yield from step_faults(values.get("simulation", {}))


def step_faults(simulation: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the step in the section `simulation` of a study or a cell."""
    try:
        steps_per_ms(simulation.get("step_ms", 1))
    except ValueError as error:
        yield f"simulation.{error}"


def _of_foreign(values: dict[str, Any]) -> Iterator[str]:
    for key in MEMBRANE:
        if values["type"] == "foreign" and values.get(key):
            yield f"{key}: a foreign model's membrane stays as its own files make it: change those, or leave the key out"


def _of_regions(regions: dict[str, Any]) -> Iterator[str]:
    for name, region in regions.items():
        for channel, density in region.get("channels_s_per_cm2", {}).items():
            for one in density if isinstance(density, list) else [density]:
                if isinstance(one, dict) and "from_um" in one and one["from_um"] >= one["to_um"]:
                    yield (
                        f"regions.{name}.channels_s_per_cm2.{channel}: expected from_um below to_um, found "
                        f"{one['from_um']:g} and {one['to_um']:g}: exchange them"
                    )


def _of_synapses(synapses: dict[str, Any]) -> Iterator[str]:
    for kind, synapse in synapses.items():
        parameters = synapse.get("parameters", {})
        for key, value in parameters.items():
            if key.endswith("_ms") and value <= 0:
                yield f"synapses.{kind}.parameters.{key}: expected more than 0 ms, found {value:g}"
            if key.endswith("_us") and value < 0:
                yield f"synapses.{kind}.parameters.{key}: expected 0 uS or more, found {value:g}"
            decay = key.replace("rise_ms", "decay_ms")
            if decay != key and value >= parameters.get(decay, math.inf):
                yield (
                    f"synapses.{kind}.parameters.{key}: expected less than {decay}, {parameters[decay]:g} ms, found "
                    f"{value:g} ms"
                )


def _of_input(statistics: dict[str, Any], trees: tuple[str, ...]) -> Iterator[str]:
    for tree, rates in statistics.get("trees", {}).items():
        if tree not in trees:
            yield f"input.trees.{tree}: expected a tree of this type of cell, {' or '.join(trees)}: correct or remove it"
        yield from _ordered(f"input.trees.{tree}.inhibitory_offset_per_100ms", rates["inhibitory_offset_per_100ms"])
    if "per_um" in statistics:
        offsets = statistics["per_um"]["inhibitory_offset_per_100ms"]
        yield from _ordered("input.per_um.inhibitory_offset_per_100ms", offsets)
        if set(trees) <= statistics.get("trees", {}).keys():
            yield (
                "input.per_um: expected a tree without rates of its own, found all of them in input.trees, which count more: take "
                "them away (trees: null), or input.per_um"
            )
    yield from _ordered("input.synapse_factor", statistics["synapse_factor"])
    for one in statistics.get("oscillations", []):
        yield from _ordered("input.oscillations.frequency_hz", one["frequency_hz"])


def _ordered(where: str, bounds: list[float]) -> Iterator[str]:
    if bounds[0] > bounds[1]:
        yield f"{where}: expected the lower bound first, found {bounds}: exchange them"
