"""Builds an ONNX graph node by node. Large weights are stored as 8-bit integers.

A stored matrix or kernel is int8, symmetric, with one scale an output channel (a row of an embedding table), followed
by Cast and Mul: ONNX Runtime folds these when it loads the file, so that all is computed in float32.
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 8
SMALLEST_STORED = 2048  # elements; smaller tensors stay float32


class Graph:
    def __init__(self):
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def node(self, kind: str, *inputs: str, outputs: int = 1, **attributes):
        names = [f"{kind.lower()}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, value, dtype=np.float32) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype), name))
        return name

    def floats(self, *values: float) -> str:
        return self.constant(values)

    def integers(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def stored(self, weight: np.ndarray, axis: int) -> str:
        """As int8; `axis` is the one with a scale for each index."""
        if weight.size < SMALLEST_STORED:
            return self.constant(weight)
        others = tuple(i for i in range(weight.ndim) if i != axis)
        scale = np.maximum(np.abs(weight).max(axis=others, keepdims=True), 1e-12) / 127
        rounded = self.constant(np.rint(weight / scale), np.int8)
        return self.node("Mul", self.node("Cast", rounded, to=TensorProto.FLOAT), self.constant(scale))

    def half(self, weight: np.ndarray) -> str:
        return self.node("Cast", self.constant(weight, np.float16), to=TensorProto.FLOAT)

    def linear(self, x: str, weight: np.ndarray, bias: np.ndarray | None = None) -> str:
        """weight [in, out]"""
        y = self.node("MatMul", x, self.stored(weight, 1))
        return y if bias is None else self.node("Add", y, self.constant(bias))

    def unit(self, x: str) -> str:
        length = self.node("ReduceL2", x, axes=[-1], keepdims=1)
        return self.node("Div", x, self.node("Add", length, self.floats(1e-9)))

    def save(self, path, name: str, inputs: list, output: str, output_name: str, width: int) -> None:
        """inputs: (name, element type, shape); the output is [batch, width] f32."""
        self.nodes.append(helper.make_node("Identity", [output], [output_name]))
        graph = helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info(*given) for given in inputs],
            [helper.make_tensor_value_info(output_name, TensorProto.FLOAT, ["batch", width])],
            self.constants,
        )
        model = helper.make_model(
            graph,
            producer_name="hailo-clip starter recipe",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, path)
