"""What the schema of a cell cannot say: each mistake gets its message, whatever the variant it is in."""

import pytest
import yaml

from neurodepth.cells import definition
from neurodepth.validation import InvalidFileError

OFFSETS = "input: { trees: { basal: { inhibitory_offset_per_100ms: [200, -600] } } }"
MISTAKES = [
    ("simulation: { step_ms: 0.3 }", r"simulation\.step_ms is 0\.3: a whole number of steps must fit into 1 ms"),
    (OFFSETS, r"input\.trees\.basal\.inhibitory_offset_per_100ms: expected the lower bound first, found \[200, -600\]"),
    ("input: { synapse_factor: [1.5, 0.5] }", r"input\.synapse_factor: expected the lower bound first"),
    (
        "input: { oscillations: [{ frequency_hz: [30, 10], depth: 0.5 }] }",
        r"input\.oscillations\.frequency_hz: expected the lower bound first, found \[30, 10\]",
    ),
    (
        "input: { trees: { apcial: { excitatory_max_per_100ms: 8, inhibitory_offset_per_100ms: [0, 1] } } }",
        r"input\.trees\.apcial: expected a tree of this type of cell, basal or apical",
    ),
    (
        "input: { per_um: { excitatory_max_per_100ms: 0.1, inhibitory_offset_per_100ms: [-0.1, 0.03] } }",
        r"input\.per_um: expected a tree without rates of its own, found all of them in input\.trees",
    ),
    (
        "synapses: { inhibitory: { parameters: { gmax_us: -0.001 } } }",
        r"synapses\.inhibitory\.parameters\.gmax_us: expected 0 uS or more, found -0\.001",
    ),
    (
        "synapses: { inhibitory: { parameters: { rise_ms: 8, decay_ms: 8 } } }",
        r"synapses\.inhibitory\.parameters\.rise_ms: expected less than decay_ms, 8 ms, found 8 ms",
    ),
    (
        "synapses: { excitatory: { parameters: { nmda_decay_ms: 0 } } }",
        r"synapses\.excitatory\.parameters\.nmda_decay_ms: expected more than 0 ms, found 0",
    ),
    (
        "regions: { apical: { channels_s_per_cm2: { Ih: [{ from_um: 900, to_um: 100, density: 1 }] } } }",
        r"regions\.apical\.channels_s_per_cm2\.Ih: expected from_um below to_um, found 900 and 100",
    ),
    (
        "regions: { apical: { channels_s_per_cm2: "
        "{ Ca_LVA: { profile: band, inside: 1, outside: 0, from_um: 900, to_um: 100 } } } }",
        r"regions\.apical\.channels_s_per_cm2\.Ca_LVA: expected from_um below to_um",
    ),
]


@pytest.fixture
def extend(project, tmp_path):
    """Write a cell that extends the layer-5 cell by some keys, and read one of its variants."""

    def extended(keys, variant=None):
        (tmp_path / "cell.yaml").write_text(f"extends: {project}/models/cells/l5pc/cell.yaml\n{keys}\n")
        return definition.read(tmp_path, variant)

    return extended


@pytest.mark.parametrize(("keys", "message"), MISTAKES)
def test_a_mistake_is_named_with_its_key(extend, keys, message):
    with pytest.raises(InvalidFileError, match=rf"cell\.yaml, variant nmda: {message}"):
        extend(keys)


def test_a_mistake_of_one_variant_is_named_with_it(extend):
    keys = yaml.safe_dump({"variants": {"mine": {"input": {"synapse_factor": [2, 1]}}}})
    assert extend(keys).variant == "nmda"
    with pytest.raises(InvalidFileError, match=r"variant mine: input\.synapse_factor"):
        extend(keys, "mine")


def test_a_key_without_a_value_takes_away_what_is_inherited(extend):
    assert "nexus" in extend("").values["morphology"]
    assert "nexus" not in extend("morphology: { nexus: null }").values["morphology"]
    assert "nexus" not in extend("variants: { bare: { morphology: { nexus: null } } }", "bare").values["morphology"]


def test_a_required_key_that_was_taken_away_is_missed(extend):
    with pytest.raises(InvalidFileError, match="expected the key 'morphology'"):
        extend("morphology:")


def test_a_cell_cannot_extend_itself(tmp_path):
    (tmp_path / "cell.yaml").write_text("extends: other.yaml\n")
    (tmp_path / "other.yaml").write_text("extends: cell.yaml\n")
    with pytest.raises(InvalidFileError, match=r"cell\.yaml: extends itself, by way of .*other\.yaml"):
        definition.read(tmp_path)


def test_an_empty_extends_is_none(project, tmp_path):
    whole = (project / "models" / "cells" / "lif" / "cell.yaml").read_text()
    (tmp_path / "cell.yaml").write_text(f"extends:\n{whole}")
    assert definition.read(tmp_path).values["type"] == "point"


@pytest.mark.parametrize("key", ["channel_scale: { hh: 0 }", "mechanism_parameters: { hh: { gnabar: 0 } }"])
def test_a_foreign_membrane_cannot_be_changed(project, tmp_path, key):
    """It would be the intact cell under another name."""
    base = project / "models" / "cells" / "bbp_l5_mc" / "cell.yaml"
    (tmp_path / "cell.yaml").write_text(f"extends: {base}\n{key}\n")
    with pytest.raises(InvalidFileError, match=rf"{key.split(':')[0]}: a foreign model's membrane stays"):
        definition.read(tmp_path)
