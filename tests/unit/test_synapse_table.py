"""Where the synapses of a cell lie."""

import numpy as np
import pandas as pd
import pytest

from neurodepth.cells.synapse_table import place_synapses

SEGMENTS = pd.DataFrame(
    {"tree": ["basal", "basal", "apical"], "length_um": [3.0, 3.0, 14.0], "path_distance_um": [5.0, 8.0, 20.0]}
)


def test_without_a_density_every_segment_has_one_of_each_kind():
    table = place_synapses(SEGMENTS, {"excitatory": {}, "inhibitory": {}})
    assert table["segment"].tolist() == [0, 1, 2, 0, 1, 2]
    assert table["kind"].tolist() == ["excitatory"] * 3 + ["inhibitory"] * 3
    assert table["length_um"].tolist() == SEGMENTS["length_um"].tolist() * 2


@pytest.mark.parametrize("per_um", [0.1, 0.5, 2])
def test_a_density_gives_its_number_of_synapses_in_the_order_of_segments(per_um):
    table = place_synapses(SEGMENTS, {"excitatory": {"per_um": per_um}, "inhibitory": {}})
    excitatory = table[table["kind"] == "excitatory"]
    assert len(excitatory) == per_um * 20
    assert excitatory["segment"].is_monotonic_increasing
    assert (excitatory["tree"] == SEGMENTS["tree"].to_numpy()[excitatory["segment"]]).all()


def test_synapses_share_the_length_of_their_segment():
    table = place_synapses(SEGMENTS, {"excitatory": {"per_um": 2}, "inhibitory": {}})
    length_um = table[table["kind"] == "excitatory"].groupby("segment")["length_um"].sum()
    np.testing.assert_allclose(length_um, SEGMENTS["length_um"])
