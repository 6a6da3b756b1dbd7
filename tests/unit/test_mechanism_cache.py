"""Where compiled mechanisms are kept; nothing is compiled."""

import platform

import pytest

from neurodepth.cells import mechanisms

FLAGS = ("fpu sse2 avx2", "fpu sse2 avx2 avx512f")


@pytest.fixture
def processors(tmp_path):
    """Keys of two kinds of processors of one architecture, as of two nodes of a cluster."""
    keys = []
    for number, flags in enumerate(FLAGS):
        cpuinfo = tmp_path / f"cpuinfo_{number}"
        cpuinfo.write_text(f"processor\t: 0\nmodel name\t: the same\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
        keys.append(mechanisms.processor_key(cpuinfo))
    return keys


def test_mechanisms_of_each_kind_of_processor_have_a_folder_of_their_own(processors, tmp_path, monkeypatch):
    (tmp_path / "Leak.mod").write_text("NEURON { SUFFIX Leak }\n")
    monkeypatch.setenv("NEURODEPTH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(mechanisms, "_compile", lambda _, build, __: (build / platform.machine()).mkdir())
    folders = []
    for key in [*processors, processors[0]]:
        monkeypatch.setattr(mechanisms, "processor_key", lambda key=key: key)
        folders.append(mechanisms.compile_mechanisms(tmp_path))
    assert folders[0] == folders[2] != folders[1]
    assert {folders[0].parent, folders[1].parent} == {tmp_path / "cache" / "mechanisms"}
