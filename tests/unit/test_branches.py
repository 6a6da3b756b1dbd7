from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from neurodepth.cells import branches, definition
from neurodepth.cells.point import PointCell


@pytest.fixture
def cell():
    """Two basal sections of two and one segments, an apical one of two: 10 synapses."""
    segments = pd.DataFrame(
        {
            "tree": ["basal", "basal", "basal", "apical", "apical"],
            "section": [0, 0, 1, 0, 0],
            "path_distance_um": [5.0, 15.0, 25.0, 10.0, 30.0],
            "length_um": [10.0, 10.0, 12.0, 20.0, 20.0],
        }
    )
    one_kind = segments[["tree", "length_um"]].assign(segment=np.arange(len(segments)))
    kinds = [one_kind.assign(kind=kind, weight=1.0) for kind in ("excitatory", "inhibitory")]
    synapses = pd.concat(kinds, ignore_index=True)
    return SimpleNamespace(segments=segments, synapses=synapses)


def test_synapses_of_a_section_share_a_branch_whatever_their_kind(cell):
    assert branches.tabulate(cell)["branch"].tolist() == [0, 0, 1, 2, 2] * 2


def test_synapses_keep_their_order_and_have_the_place_of_their_segment(cell):
    table = branches.tabulate(cell)
    pd.testing.assert_frame_equal(table[cell.synapses.columns], cell.synapses)
    assert table["path_distance_um"].tolist() == [5.0, 15.0, 25.0, 10.0, 30.0] * 2


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["branch"], [0, 0, 1, 2, 2] * 2),
        (["kind", "branch"], [0, 0, 1, 2, 2, 3, 3, 4, 5, 5]),
        (["kind", "tree"], [0, 0, 0, 1, 1, 2, 2, 2, 3, 3]),
        (["kind"], [0] * 5 + [1] * 5),
        ([], None),
    ],
)
def test_groups_have_columns_in_common(cell, columns, expected):
    assert branches.group(branches.tabulate(cell), columns) == expected


def test_a_point_neuron_is_one_branch_at_no_distance(project):
    cell = PointCell(definition.read(project / "models" / "cells" / "lif"))
    table = branches.tabulate(cell)
    assert table[["branch", "section"]].to_numpy().tolist() == [[0, 0]] * len(cell.synapses)
    assert table["path_distance_um"].isna().all()
