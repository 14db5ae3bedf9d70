#!/usr/bin/env python3
"""Makes a CLIP of ViT-B/32's shape with random weights: 605 MB in the Hugging Face ONNX layout, for measurements.

    .deps/venv/bin/python bench/vit_b32.py /tmp/vit-b-32 && ./run models import /tmp/vit-b-32

Every matrix has its true shape, so time and memory are those of the real model; what it answers means nothing. The
vocabulary is as large as the true one and holds the starter's merges, followed by words that nobody writes.
"""
import argparse
import json
import pathlib
import shutil

import numpy as np
import onnx
from onnx import TensorProto, helper

ROOT = pathlib.Path(__file__).resolve().parents[1]
VOCABULARY, START, END = 49408, 49406, 49407
EMBEDDING = 512


class Graph:
    """Nodes and weights in the order of computation; every method returns the name of what it computes."""

    def __init__(self, seed: int):
        self.nodes, self.weights, self.random = [], [], np.random.default_rng(seed)

    def add(self, operator: str, *inputs: str, **attributes) -> str:
        name = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def constant(self, value) -> str:
        value = np.asarray(value)
        name = f"weight_{len(self.weights)}"
        self.weights.append(helper.make_tensor(
            name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape, value.tobytes(), raw=True))
        return name

    def matrix(self, *shape: int) -> str:
        return self.constant((self.random.standard_normal(shape, np.float32) * 0.02))

    def linear(self, x: str, inputs: int, outputs: int) -> str:
        return self.add("Add", self.add("MatMul", x, self.matrix(inputs, outputs)), self.matrix(outputs))

    def layer_norm(self, x: str, width: int) -> str:
        return self.add("LayerNormalization", x, self.constant(np.ones(width, np.float32)), self.matrix(width),
                        axis=-1, epsilon=1e-5)

    def quick_gelu(self, x: str) -> str:
        return self.add("Mul", x, self.add("Sigmoid", self.add("Mul", x, self.constant(np.float32(1.702)))))

    def heads(self, x: str, count: int, width: int, axes: list[int]) -> str:
        shape = self.constant(np.array([0, 0, count, width // count]))
        return self.add("Transpose", self.add("Reshape", x, shape), perm=axes)

    def attention(self, x: str, width: int, mask: str | None) -> str:
        count = width // 64
        query, key, value = (self.linear(x, width, width) for _ in range(3))
        scores = self.add("MatMul", self.heads(query, count, width, [0, 2, 1, 3]),
                          self.heads(key, count, width, [0, 2, 3, 1]))
        scores = self.add("Mul", scores, self.constant(np.float32(64**-0.5)))
        if mask:
            scores = self.add("Add", scores, mask)
        mixed = self.add("MatMul", self.add("Softmax", scores, axis=-1), self.heads(value, count, width, [0, 2, 1, 3]))
        joined = self.add("Reshape", self.add("Transpose", mixed, perm=[0, 2, 1, 3]),
                          self.constant(np.array([0, 0, width])))
        return self.linear(joined, width, width)

    def transformer(self, x: str, width: int, layers: int, mask: str | None = None) -> str:
        for _ in range(layers):
            x = self.add("Add", x, self.attention(self.layer_norm(x, width), width, mask))
            hidden = self.quick_gelu(self.linear(self.layer_norm(x, width), width, 4 * width))
            x = self.add("Add", x, self.linear(hidden, 4 * width, width))
        return x

    def save(self, file: pathlib.Path, inputs: list, result: str, output: str) -> None:
        self.nodes.append(helper.make_node("Identity", [result], [output]))
        outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", EMBEDDING])]
        graph = helper.make_graph(self.nodes, file.stem, inputs, outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.checker.check_model(model)
        onnx.save(model, file)


def make_vision(file: pathlib.Path) -> None:
    graph, width = Graph(1), 768
    patches = graph.add("Conv", "pixel_values", graph.matrix(width, 3, 32, 32), kernel_shape=[32, 32], strides=[32, 32])
    patches = graph.add("Transpose", graph.add("Reshape", patches, graph.constant(np.array([0, width, 49]))),
                        perm=[0, 2, 1])
    batch = graph.add("Shape", "pixel_values", start=0, end=1)
    shape = graph.add("Concat", batch, graph.constant(np.array([1, width])), axis=0)
    x = graph.add("Concat", graph.add("Expand", graph.matrix(1, 1, width), shape), patches, axis=1)
    x = graph.layer_norm(graph.add("Add", x, graph.matrix(50, width)), width)
    x = graph.transformer(x, width, 12)
    pooled = graph.layer_norm(graph.add("Gather", x, graph.constant(np.int64(0)), axis=1), width)
    pixels = helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["batch", 3, 224, 224])
    graph.save(file, [pixels], graph.add("MatMul", pooled, graph.matrix(width, EMBEDDING)), "image_embeds")


def make_text(file: pathlib.Path) -> None:
    graph, width = Graph(2), 512
    length = graph.add("Shape", "input_ids", start=1, end=2)
    zero, one = graph.constant(np.array([0])), graph.constant(np.array([1]))
    mask = graph.constant(np.triu(np.full((77, 77), -1e9, np.float32), 1))
    both = graph.constant(np.array([0, 1]))
    mask = graph.add("Slice", mask, graph.constant(np.array([0, 0])), graph.add("Concat", length, length, axis=0), both)
    positions = graph.add("Slice", graph.matrix(77, width), zero, length, zero)
    x = graph.add("Add", graph.add("Gather", graph.matrix(VOCABULARY, width), "input_ids"), positions)
    x = graph.layer_norm(graph.transformer(x, width, 12, mask), width)
    end = graph.add("Unsqueeze", graph.add("ArgMax", "input_ids", axis=1, keepdims=1), one)
    index = graph.add("Expand", graph.add("Reshape", end, graph.constant(np.array([-1, 1, 1]))),
                      graph.constant(np.array([1, 1, width])))
    pooled = graph.add("Squeeze", graph.add("GatherElements", x, index, axis=1), one)
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"])
    graph.save(file, [ids], graph.add("MatMul", pooled, graph.matrix(width, EMBEDDING)), "text_embeds")


def byte_characters() -> list[str]:
    """The 256 characters that stand for bytes in CLIP's vocabulary, in its order."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]


def make_tokenizer(folder: pathlib.Path) -> None:
    shutil.copy(ROOT / "models/starter/merges.txt", folder / "merges.txt")
    lines = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()
    merges = [line.split() for line in lines if line and not line.startswith("#")]
    characters = byte_characters()
    words = characters + [c + "</w>" for c in characters] + ["".join(pair) for pair in merges]
    words += [f"<unused {i}>" for i in range(START - len(words))] + ["<|startoftext|>", "<|endoftext|>"]
    assert len(words) == VOCABULARY
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}), encoding="utf-8")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=pathlib.Path)
arguments = parser.parse_args()
(arguments.folder / "onnx").mkdir(parents=True, exist_ok=True)
make_vision(arguments.folder / "onnx/vision_model.onnx")
make_text(arguments.folder / "onnx/text_model.onnx")
make_tokenizer(arguments.folder)
(arguments.folder / "config.json").write_text(json.dumps({
    "model_type": "clip", "projection_dim": EMBEDDING, "logit_scale_init_value": 4.6052,
    "text_config": {"max_position_embeddings": 77}, "vision_config": {"image_size": 224, "num_channels": 3}}))
(arguments.folder / "preprocessor_config.json").write_text(json.dumps({
    "image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 224}, "crop_size": 224, "resample": 3,
    "do_resize": True, "do_center_crop": True, "do_rescale": True, "do_normalize": True, "do_convert_rgb": True,
    "rescale_factor": 1 / 255, "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711]}))
