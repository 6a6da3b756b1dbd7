"""Formats of an exported network: how each is written, and how its own runtime computes it.

The runtimes are imported where they are needed: `pip install neurodepth[export]` has them all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurodepth.streaming import Weights
from neurodepth.surrogate import EXPORTED, OUTPUTS

INPUT = "input_spikes"


@dataclass(frozen=True)
class Format:
    """A format of networks.

    Attributes:
        title: Its name for a reader.
        file: What it writes into the folder of the export.
        modules: What Python imports to read it, and what else to write it.
        write: Writes the network that weights describe.
        run: Computes `OUTPUTS`, each of shape (neurons, time), from a file and input spikes, float32, shape (neurons,
            time, synapses).
    """

    title: str
    file: str
    modules: tuple[str, ...]
    write: Callable[[Weights, Path], None]
    run: Callable[[Path, np.ndarray], tuple[np.ndarray, ...]]


def _write_keras(weights: Weights, path: Path) -> None:
    from neurodepth import plain_network

    plain_network.build(weights).save(path)


def _run_keras(path: Path, input_spikes: np.ndarray) -> tuple[np.ndarray, ...]:
    from neurodepth.networks.backend import keras

    return _in_order(keras.saving.load_model(path).predict_on_batch(input_spikes))


def _write_tensorflow(weights: Weights, path: Path) -> None:
    from neurodepth import plain_network

    plain_network.build(weights).export(path, format="tf_saved_model", verbose=False)


def _run_tensorflow(path: Path, input_spikes: np.ndarray) -> tuple[np.ndarray, ...]:
    import tensorflow

    loaded = tensorflow.saved_model.load(str(path))  # its functions do not keep it alive
    return _in_order(loaded.serve(input_spikes))


def _write_litert(weights: Weights, path: Path) -> None:
    from neurodepth import plain_network

    plain_network.build(weights).export(path, format="litert", verbose=False)


def _run_litert(path: Path, input_spikes: np.ndarray) -> tuple[np.ndarray, ...]:
    from ai_edge_litert.interpreter import Interpreter  # type: ignore[import-untyped]

    return _in_order(Interpreter(str(path)).get_signature_runner()(**{INPUT: input_spikes}))


def _write_onnx(weights: Weights, path: Path, keeps_state: bool = False) -> None:
    import onnx

    from neurodepth.export import onnx_graph

    onnx.save(onnx_graph.build(weights, keeps_state), path)


def _run_onnx(path: Path, input_spikes: np.ndarray) -> tuple[np.ndarray, ...]:
    from onnxruntime import InferenceSession  # type: ignore[import-untyped]

    return tuple(InferenceSession(path).run(OUTPUTS, {INPUT: input_spikes}))


def _write_onnx_stream(weights: Weights, path: Path) -> None:
    _write_onnx(weights, path, keeps_state=True)


def _run_onnx_stream(path: Path, input_spikes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Millisecond by millisecond."""
    from onnxruntime import InferenceSession

    session = InferenceSession(path)
    pasts = {one.name: one.shape for one in session.get_inputs() if one.name != INPUT}
    state = {name: np.zeros((len(input_spikes), *shape[1:]), np.float32) for name, shape in pasts.items()}
    wanted = [*OUTPUTS, *(f"next_{name}" for name in pasts)]
    found = []
    for time_ms in range(input_spikes.shape[1]):
        probability, voltage_mv, *after = session.run(wanted, {INPUT: input_spikes[:, time_ms : time_ms + 1], **state})
        state = dict(zip(pasts, after, strict=True))
        found.append((probability, voltage_mv))
    return tuple(np.concatenate(one, axis=1) for one in zip(*found, strict=True))


def _in_order(outputs: Any) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(outputs[name]) for name in OUTPUTS)


FORMATS = {
    "keras": Format("Keras", EXPORTED, ("keras",), _write_keras, _run_keras),
    "tensorflow": Format(
        "TensorFlow SavedModel", "network_tensorflow", ("tensorflow",), _write_tensorflow, _run_tensorflow
    ),
    "litert": Format("LiteRT", "network.tflite", ("ai_edge_litert", "tensorflow"), _write_litert, _run_litert),
    "onnx": Format("ONNX", "network.onnx", ("onnxruntime", "onnx"), _write_onnx, _run_onnx),
    "onnx_stream": Format(
        "ONNX with state", "network_stream.onnx", ("onnxruntime", "onnx"), _write_onnx_stream, _run_onnx_stream
    ),
}
