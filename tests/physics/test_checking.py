"""Cells as `neurodepth check` builds them: in NEURON, every variant."""

import shutil

from neurodepth.checking.cells import cell_faults


def test_the_shipped_cells_have_no_fault(project):
    for name in ("l5pc", "lif"):
        assert cell_faults(project / "models" / "cells" / name) == []


def test_what_only_neuron_notices_is_a_fault(project, tmp_path):
    cell = shutil.copytree(project / "models" / "cells" / "l5pc", tmp_path / "mine")
    text = (cell / "cell.yaml").read_text()
    (cell / "cell.yaml").write_text(text.replace("ampa_rise_ms: 0.3", "ampa_rise_mv: 0.3"))
    found = cell_faults(cell)
    assert any("ampa_rise is in ms, but the key 'ampa_rise_mv' says mV" in fault for fault in found), found
