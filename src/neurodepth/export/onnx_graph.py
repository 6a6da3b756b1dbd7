"""A network as an ONNX graph, of whole trials or advanced from call to call.

The converter that Keras calls (tf2onnx) asks for patches of NumPy and names no dimension; the few operations are written here
from the weights instead.
"""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from neurodepth.streaming import Weights

OPSET, IR_VERSION = 17, 9  # of 2022: runtimes since then read it
OUTPUTS = ("spike_probability", "soma_voltage_mv")


def build(weights: Weights, keeps_state: bool) -> onnx.ModelProto:
    """Build the graph from `input_spikes`, float32, shape (neurons, time, synapses), to `OUTPUTS`, shape (neurons, time).

    Args:
        weights: What `streaming.read_weights` returns.
        keeps_state: Also take what each layer with a past remembers, `past_1` and so on, shape (neurons, kernel_ms - 1,
            channels), zeros at first, and give it as `next_past_1` and so on for the next call; else zeros precede the
            input.
    """
    graph = _Graph()
    x = "input_spikes"
    graph.inputs.append(_tensor(x, "neurons", "time", weights.n_synapses))
    if weights.mixing is not None:
        x = graph.add("MatMul", x, graph.constant(weights.mixing))
    for number, (kernel, shift) in enumerate(zip(weights.kernels, weights.shifts, strict=True), start=1):
        kernel_ms, channels, _ = kernel.shape
        remembers = keeps_state and kernel_ms > 1
        if remembers:
            past = f"past_{number}"
            graph.inputs.append(_tensor(past, "neurons", kernel_ms - 1, channels))
            graph.outputs.append(_tensor(f"next_{past}", "neurons", kernel_ms - 1, channels))
            x = graph.add("Concat", past, x, axis=1)
            graph.add("Slice", x, *map(graph.whole, (1 - kernel_ms, np.iinfo(np.int64).max, 1)), output=f"next_{past}")
        x = graph.add("Transpose", x, perm=[0, 2, 1])
        arrays = graph.constant(kernel.transpose(2, 1, 0)), graph.constant(shift)
        x = graph.add("Conv", x, *arrays, pads=[0 if remembers else kernel_ms - 1, 0])
        x = graph.add("Transpose", graph.add("Relu", x), perm=[0, 2, 1])
    heads = graph.add("Add", graph.add("MatMul", x, graph.constant(weights.head)), graph.constant(weights.head_bias))
    logit, voltage = (graph.add("Gather", heads, graph.constant(np.int64(column)), axis=2) for column in (0, 1))
    graph.add("Sigmoid", logit, output=OUTPUTS[0])
    graph.add("Identity", voltage, output=OUTPUTS[1])
    graph.outputs[:0] = [_tensor(name, "neurons", "time") for name in OUTPUTS]
    return graph.model()


class _Graph:
    """Nodes, constants and named ends of a graph that is being built."""

    def __init__(self) -> None:
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def add(self, operation: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Add a node; returns the name of its output."""
        output = output or f"{operation.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, inputs, [output], **attributes))
        return output

    def constant(self, values: np.ndarray | np.generic) -> str:
        """Add a constant; returns its name."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values).reshape(np.shape(values)), name))
        return name

    def whole(self, value: int) -> str:
        """Add one whole number, as Slice takes it; returns its name."""
        return self.constant(np.array([value], np.int64))

    def model(self) -> onnx.ModelProto:
        """The checked model."""
        graph = helper.make_graph(self._nodes, "surrogate", self.inputs, self.outputs, self._constants)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="neurodepth",
        )
        onnx.checker.check_model(model, full_check=True)
        return model


def _tensor(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
