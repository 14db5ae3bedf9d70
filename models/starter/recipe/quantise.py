#!/usr/bin/env python3
"""8-bit arithmetic for the backbone of image.onnx: what goes into and comes out of convolutions as integers, too.

    VENV/bin/python models/starter/recipe/quantise.py IMAGE.onnx OUT.onnx PICTURE_OR_FOLDER [...]

Static: ranges come from the pictures (whole, and their quarters), so that an embedding does not depend on what else is
in the batch. Convolutions become QLinearConv: unsigned inputs, signed kernels with a scale for each output channel. What
rounding a kernel adds to its channel's mean over the pictures is taken from the bias: without that, accuracy is lost.
The softmax, the projections and the colours stay float32.

What the integer part gives should be the same on every CPU (tried on one, AVX2 without VNNI):
- Without VNNI, x86 adds two products in 16 bits and saturates. 128 x 255 fits, so no two weights of a channel with the
  same sign add up to more than 128. (Depthwise kernels are computed in another way, they use -127..127.)
- The sums of a stage's blocks share one scale and one zero point: adding them is exact, however it is done.
- Pixels are (x - 127) / 128: in steps of 1/128 around 127 they are the original bytes.
"""
import argparse
import dataclasses
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

import pictures

LEVELS = 255
RELU6 = 6.0
MOST, MOST_OF_TWO = 127, 128  # of a kernel's integers
MOST_BIAS = 2.0**30


@dataclasses.dataclass
class Step:
    """A convolution with the ReLU6 behind it, or a sum of two."""

    node: onnx.NodeProto
    out: str
    relu6: bool


@dataclasses.dataclass
class Quantised:
    integers: str  # name of the tensor of unsigned 8-bit integers
    step: np.float32
    parameters: list[str]  # names of step and zero point


def steps_of(graph: onnx.GraphProto) -> tuple[list[Step], str]:
    """The backbone in order, and its output, which is pooled."""
    end = next(node for node in graph.node if node.op_type == "GlobalAveragePool").input[0]
    clipped = {node.input[0]: node.output[0] for node in graph.node if node.op_type == "Clip"}
    steps = []
    for node in graph.node:
        if node.op_type in ("Conv", "Add"):
            out = clipped.get(node.output[0], node.output[0])
            steps.append(Step(node, out, out != node.output[0]))
            if out == end:
                return steps, end
    raise ValueError("this is no image graph of the recipe, or it is quantised already")


def sums(steps: list[Step]) -> dict[str, list[str]]:
    """Of every tensor that is added or a sum: all that it is added with, which get one range."""
    together = {}
    for step in steps:
        if step.node.op_type == "Add":
            group = together.get(step.node.input[0], [step.node.input[0]])
            group += [step.node.input[1], step.out]
            together |= {name: group for name in group}
    return together


def views(path: pathlib.Path):
    image = pictures.load(path)
    w, h = image.size
    yield image
    for box in ((0, 0, w // 2, h // 2), (w // 2, 0, w, h // 2), (0, h // 2, w // 2, h), (w // 2, h // 2, w, h)):
        yield image.crop(box)


@dataclasses.dataclass
class Seen:
    """Of a tensor over the pictures."""

    low: float = 0.0  # zero must be among what can be expressed
    high: float = 0.0
    mean: np.ndarray | float = 0.0  # of each channel


def look(model: onnx.ModelProto, names: list[str], files: list[pathlib.Path]) -> dict[str, Seen]:
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(watched.SerializeToString(), options)
    seen = {name: Seen() for name in ["pixel_values", *names]}
    prepared = [pictures.prepared(view)[None] for file in files for view in views(file)]
    for pixels in prepared:
        for name, value in zip(seen, [pixels, *session.run(names, {"pixel_values": pixels})]):
            it = seen[name]
            it.low, it.high = min(it.low, value.min()), max(it.high, value.max())
            it.mean = it.mean + value.mean((0, 2, 3), dtype=float) / len(prepared)
    return seen


def kernel_scale(kernel: np.ndarray) -> np.ndarray:
    """[out, in / groups, k, k] -> [out]: what one step of its integers stands for."""
    flat = kernel.reshape(len(kernel), -1)
    scale = np.abs(flat).max(1) / MOST
    if kernel.shape[1] == 1:
        return scale
    ordered = np.sort(flat, axis=1)
    of_two = np.maximum(np.maximum(ordered[:, -2:], 0).sum(1), -np.minimum(ordered[:, :2], 0).sum(1))
    return np.maximum(scale, of_two / (MOST_OF_TWO - 1))  # one less: both are rounded


class Rewriter:
    def __init__(self, graph: onnx.GraphProto):
        self.stored = {constant.name: numpy_helper.to_array(constant) for constant in graph.initializer}
        self.made_by = {output: node for node in graph.node for output in node.output}
        self.nodes, self.constants = [], []
        self.quantised: dict[str, Quantised] = {}  # by the name of the float32 tensor that it stands for

    def weight(self, name: str) -> np.ndarray:
        """As float32: a constant, or Mul(Cast(integers), scale)."""
        if name in self.stored:
            return self.stored[name]
        node = self.made_by[name]
        parts = [self.weight(part) for part in node.input]
        return parts[0].astype(np.float32) if node.op_type == "Cast" else parts[0] * parts[1]

    def constant(self, name: str, value, dtype) -> str:
        self.constants.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def node(self, kind: str, inputs: list[str], out: str, **attributes) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [out], **attributes))
        return out

    def scale(self, name: str, step: float, zero: int) -> Quantised:
        parameters = [self.constant(name + "_step", step, np.float32), self.constant(name + "_zero", zero, np.uint8)]
        self.quantised[name] = Quantised(name + "_integers", np.float32(step), parameters)
        return self.quantised[name]

    def quantise(self, name: str, as_: Quantised) -> None:
        self.quantised[name] = Quantised(name + "_integers", as_.step, as_.parameters)
        self.node("QuantizeLinear", [name, *as_.parameters], name + "_integers")

    def dequantise(self, name: str, out: str) -> str:
        return self.node("DequantizeLinear", [self.quantised[name].integers, *self.quantised[name].parameters], out)

    def convolution(self, step: Step, low: float, high: float, input_mean: np.ndarray) -> None:
        source = self.quantised[step.node.input[0]]
        size = (min(high, RELU6) if step.relu6 else high - low) / LEVELS
        target = self.scale(step.out, size, 0 if step.relu6 else int(np.rint(-low / size)))
        kernel, bias = self.weight(step.node.input[1]), self.weight(step.node.input[2])
        # A channel that never varies is its bias alone, which must be expressible.
        least = np.maximum(np.abs(bias), 1e-6) / (source.step * MOST_BIAS)
        scale = np.maximum(kernel_scale(kernel), least).astype(np.float32)
        integers = np.rint(kernel / scale[:, None, None, None])
        off = (integers * scale[:, None, None, None] - kernel).sum((2, 3))  # [out, in / groups]
        bias = bias - (off[:, 0] * input_mean if off.shape[1] == 1 else off @ input_mean)
        name = step.out
        inputs = [
            source.integers,
            *source.parameters,
            self.constant(name + "_kernel", integers, np.int8),
            self.constant(name + "_kernel_step", scale, np.float32),
            self.constant(name + "_kernel_zero", np.zeros(len(scale)), np.int8),
            *target.parameters,
            self.constant(name + "_bias", np.rint(bias / (source.step * scale.astype(float))), np.int32),
        ]
        attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in step.node.attribute}
        self.node("QLinearConv", inputs, target.integers, **attributes)

    def sum(self, step: Step) -> None:
        parts = [self.dequantise(name, f"{step.out}_part_{i}") for i, name in enumerate(step.node.input)]
        self.node("Add", parts, step.out)
        self.quantise(step.out, self.quantised[step.node.input[0]])


def rewrite(model: onnx.ModelProto, files: list[pathlib.Path]) -> onnx.ModelProto:
    steps, end = steps_of(model.graph)
    together = sums(steps)
    seen = look(model, [step.out for step in steps], files)
    r = Rewriter(model.graph)
    r.quantise("pixel_values", r.scale("pixel_values", 1 / 128, 127))
    for step in steps:
        if step.node.op_type == "Add":
            r.sum(step)
        else:
            own = [seen[name] for name in together.get(step.out, [step.out])]
            low, high = min(it.low for it in own), max(it.high for it in own)
            r.convolution(step, low, high, seen[step.node.input[0]].mean)
    r.dequantise(end, end)

    head, wanted = [], {output.name for output in model.graph.output}
    for node in reversed(model.graph.node):
        if wanted & set(node.output) - {end}:
            head.insert(0, node)
            wanted |= set(node.input)
    kept = [constant for constant in model.graph.initializer if constant.name in wanted]
    graph = helper.make_graph(
        r.nodes + head, model.graph.name, model.graph.input, model.graph.output, kept + r.constants
    )
    written = helper.make_model(
        graph, producer_name=model.producer_name, opset_imports=model.opset_import, ir_version=model.ir_version
    )
    onnx.checker.check_model(written, full_check=True)
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("pictures", type=pathlib.Path, nargs="+")
    options = parser.parse_args()
    folders = [sorted(path.glob("*.[jp][pn]g")) if path.is_dir() else [path] for path in options.pictures]
    files = [file for folder in folders for file in folder]
    onnx.save(rewrite(onnx.load(options.graph), files), options.out)
    size = options.out.stat().st_size / 1e6
    print(f"{options.out}: {size:.1f} MB, ranges from {len(files)} pictures", flush=True)


if __name__ == "__main__":
    main()
