"""Writes the two graphs.

image.onnx: pixel_values f32 [batch, 3, 260, 260] -> image_embeds f32 [batch, 523]
text.onnx:  input_ids i64 [batch, sequence <= 77], zeros after the end token -> text_embeds f32 [batch, 523]
"""
import pathlib

import backbone
import colours
import numpy as np
import tower
from codes import SECOND_BLOCK, Codes
from graph import Graph
from onnx import TensorProto
from tokenizer import CONTEXT, Tokenizer

WIDTH = tower.OUT + len(colours.COLOURS)


def same_padding(side: int, kernel: int, stride: int) -> tuple[list[int], int]:
    """TensorFlow's SAME: the odd pixel goes after. -> ONNX's pads [top, left, bottom, right], side of the output"""
    out = -(-side // stride)
    total = max((out - 1) * stride + kernel - side, 0)
    before, after = total // 2, total - total // 2
    return [before, before, after, after], out


def features(g: Graph, net: backbone.Backbone, x: str) -> str:
    """[b, 3, 260, 260] -> pooled [b, 1280]"""
    side, low, high = backbone.SIDE, g.constant(0.0), g.constant(6.0)
    for block in net.blocks:
        before, side_before = x, side
        for c in block:
            pads, side = same_padding(side, c.kernel.shape[2], c.stride)
            x = g.node(
                "Conv", x, g.stored(c.kernel, 0), g.constant(c.bias), strides=[c.stride] * 2, pads=pads, group=c.groups
            )
            if c.relu6:
                x = g.node("Clip", x, low, high)
        if side == side_before and block[0].kernel.shape[1] * block[0].groups == block[-1].kernel.shape[0]:
            x = g.node("Add", before, x)
    return g.node("Flatten", g.node("GlobalAveragePool", x))


def write_image(path: pathlib.Path, net: backbone.Backbone, codes: Codes) -> None:
    g = Graph()
    pooled = features(g, net, "pixel_values")
    recognised = g.node("Softmax", g.linear(pooled, net.classifier.T, net.classifier_bias), axis=-1)
    looks = g.linear(g.node("Sub", pooled, g.constant(net.mean_feature)), codes.projection)
    second = g.node("Mul", g.unit(looks), g.floats(SECOND_BLOCK))
    both = g.node("Concat", g.unit(g.linear(recognised, codes.joint)), second, axis=1)
    seen = g.node("Mul", both, g.floats(1 / np.sqrt(1 + SECOND_BLOCK**2)))
    out = g.node("Concat", seen, colours.add_to_image(g, "pixel_values"), axis=1)
    side = backbone.SIDE
    g.save(
        path,
        "starter-image",
        [("pixel_values", TensorProto.FLOAT, ["batch", 3, side, side])],
        out,
        "image_embeds",
        WIDTH,
    )


def write_text(path: pathlib.Path, p: dict[str, np.ndarray], tokenizer: Tokenizer) -> None:
    g = Graph()
    n = g.node("Gather", g.node("Shape", "input_ids"), g.integers(1))
    x = g.node("Gather", g.stored(p["table"], 0), "input_ids")
    x = g.node("Add", x, g.node("Slice", g.half(p["positions"][:CONTEXT]), g.integers(0), n, g.integers(0)))
    order = g.node("Range", g.constant(0, np.int64), g.node("Squeeze", n, g.integers(0)), g.constant(1, np.int64))
    is_past = g.node(
        "LessOrEqual", g.node("Unsqueeze", order, g.integers(0)), g.node("Unsqueeze", order, g.integers(1))
    )
    future = g.node("Where", is_past, g.constant(0.0), g.constant(-1e9))
    norm = lambda x, name: g.node(
        "LayerNormalization", x, g.constant(p[name + ".w"]), g.constant(p[name + ".b"]), epsilon=1e-5
    )
    linear = lambda x, name: g.linear(x, p[name + ".w"], p[name + ".b"])
    for i in range(tower.LAYERS):
        x = g.node("Add", x, linear(attention(g, linear(norm(x, f"{i}.norm1"), f"{i}.in"), future), f"{i}.out"))
        hidden = linear(norm(x, f"{i}.norm2"), f"{i}.up")
        gate = g.node("Sigmoid", g.node("Mul", hidden, g.floats(1.702)))
        x = g.node("Add", x, linear(g.node("Mul", hidden, gate), f"{i}.down"))
    end = g.node("ArgMax", "input_ids", axis=1, keepdims=1)  # the end token has the largest id
    place = g.node("Expand", g.node("Unsqueeze", end, g.integers(2)), g.integers(1, 1, tower.WIDTH))
    pooled = g.node("Squeeze", g.node("GatherElements", x, place, axis=1), g.integers(1))
    meaning = g.unit(linear(norm(pooled, "norm"), "head"))
    out = g.node("Concat", meaning, colours.add_to_text(g, "input_ids", tokenizer), axis=1)
    g.save(path, "starter-text", [("input_ids", TensorProto.INT64, ["batch", "sequence"])], out, "text_embeds", WIDTH)


def attention(g: Graph, joined: str, future: str) -> str:
    """joined [b, n, 3 x 256] -> [b, n, 256]"""
    width = tower.WIDTH // tower.HEADS
    heads = g.integers(0, 0, tower.HEADS, width)
    parts = g.node("Split", joined, outputs=3, axis=-1)
    q, k, v = (g.node("Reshape", part, heads) for part in parts)
    q, v = (g.node("Transpose", part, perm=[0, 2, 1, 3]) for part in (q, v))
    scores = g.node("MatMul", q, g.node("Transpose", k, perm=[0, 2, 3, 1]))
    scores = g.node("Add", g.node("Mul", scores, g.floats(width**-0.5)), future)
    seen = g.node("MatMul", g.node("Softmax", scores, axis=-1), v)
    return g.node("Reshape", g.node("Transpose", seen, perm=[0, 2, 1, 3]), g.integers(0, 0, tower.WIDTH))
