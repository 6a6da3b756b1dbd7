"""What a test of the cluster makes of a configuration that it finds: no SLURM is started."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.cluster import slurm

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/etc/debian_version").exists(), reason="elsewhere no SLURM is started anyway"
)


@pytest.fixture
def link(tmp_path, monkeypatch):
    """A link in the place of /etc/slurm/slurm.conf, to a configuration with the first line of ours."""
    configuration = tmp_path / "slurm.conf"
    configuration.write_text(f"{slurm.OURS}\nClusterName=lab\n")
    link = tmp_path / "link"
    link.symlink_to(configuration)
    monkeypatch.setattr(slurm, "LINK", link)
    return link


def test_the_link_of_a_test_that_was_killed_is_replaced(link):
    assert slurm.reason_not_to_run() == ""


def test_the_link_of_a_test_that_is_running_stays(link):
    running = subprocess.Popen(["sleep", "60"], env=os.environ | {"SLURM_CONF": str(link.resolve())})
    try:
        assert "is running" in slurm.reason_not_to_run()
    finally:
        running.kill()
        running.wait()


def test_the_configuration_of_another_slurm_stays(link):
    link.resolve().write_text("ClusterName=site\n")
    assert "another SLURM's" in slurm.reason_not_to_run()
