"""The networks are Keras's: they run on JAX as they do on TensorFlow, which is how they are trained on a GPU."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.unit import one_step


@pytest.fixture(scope="module")
def of_jax(tmp_path_factory, project):
    path = tmp_path_factory.mktemp("jax") / "predictions.npz"
    environment = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(project)}
    subprocess.run([sys.executable, one_step.__file__, str(path)], check=True, env=environment, timeout=300)
    with np.load(path) as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def of_tensorflow():
    return one_step.predictions()


@pytest.mark.parametrize("name", one_step.ARCHITECTURES)
def test_one_step_is_the_same_on_both_backends(of_jax, of_tensorflow, name):
    before, after = (of_jax[f"{name} {when}"] for when in ("before", "after"))
    assert np.abs(after - before).max() > 1e-4 * np.abs(before).max()  # it did learn
    for when, found in (("before", before), ("after", after)):
        expected = of_tensorflow[f"{name} {when}"]
        np.testing.assert_allclose(found, expected, atol=1e-3 * np.abs(expected).max())
