"""The eleven numbers at the end of both embeddings: which colours are in the middle of the picture, or in the text.

A colour is described by a = (R - G) / (R + G + B + 0.25), b = ((R + G) / 2 - B) / (same) and l = (R + G + B) / 3, all
of R, G, B in 0..1. Cells of 20 x 20 pixels are given to colours softly, by distance; what is seen in the middle counts
and what is seen at the edge counts against.
"""
import numpy as np
from backbone import MEAN, SIDE, STD
from graph import Graph
from tokenizer import Tokenizer

COLOURS = {  # typical ones, 0..255
    "red": (200, 30, 35), "orange": (240, 135, 25), "yellow": (245, 215, 45), "green": (55, 145, 60),
    "blue": (40, 80, 185), "purple": (115, 50, 145), "pink": (240, 150, 180), "brown": (110, 70, 40),
    "black": (22, 22, 24), "white": (240, 240, 240), "gray": (128, 128, 128),
}  # fmt: skip
SPELLINGS = {"grey": "gray"}
CELL = 20
SHADE, SPREAD = 0.2 / 4, 0.03 / 4  # weight of l against a and b; softness of the assignment
MIDDLE, EDGE_WEIGHT = 0.15, 0.8  # deviation of the middle's weight, of the side; weight of the edge
TEXT_WEIGHT = 0.5


def describe(rgb: np.ndarray) -> np.ndarray:
    """[n, 3] in 0..1 -> (a, b, l)"""
    r, g, b = rgb.T
    total = rgb.sum(1) + 0.25
    return np.stack([(r - g) / total, ((r + g) / 2 - b) / total, rgb.mean(1)], axis=1)


def cell_weights() -> np.ndarray:
    side = SIDE // CELL
    distance = (np.arange(side) + 0.5) / side - 0.5
    middle = np.exp(-(distance[:, None] ** 2 + distance**2) / (2 * MIDDLE**2))
    edge = np.ones((side, side))
    edge[1:-1, 1:-1] = 0
    return middle / middle.sum() - EDGE_WEIGHT * edge / edge.sum()


def add_to_image(g: Graph, pixels: str) -> str:
    """pixels [b, 3, 260, 260], prepared -> [b, 11]"""
    cells = g.node("AveragePool", pixels, kernel_shape=[CELL, CELL], strides=[CELL, CELL])
    rgb = g.node("Add", g.node("Mul", cells, g.floats(STD)), g.floats(MEAN))
    total = g.node("Add", g.node("ReduceSum", rgb, g.integers(1), keepdims=1), g.floats(0.25))
    opponents = g.constant(np.array([[1, -1, 0], [0.5, 0.5, -1]]).reshape(2, 3, 1, 1))
    chroma = g.node("Div", g.node("Conv", rgb, opponents), total)
    described = g.node("Concat", chroma, g.node("ReduceMean", rgb, axes=[1], keepdims=1), axis=1)
    # softmax over colours of -distance^2 / SPREAD: what does not depend on the colour cancels, the rest is linear
    known = describe(np.array(list(COLOURS.values())) / 255)
    weight = known * np.array([1, 1, SHADE]) / SPREAD
    kernel = g.constant(2 * weight.reshape(-1, 3, 1, 1))
    share = g.node("Softmax", g.node("Conv", described, kernel, g.constant(-(weight * known).sum(1))), axis=1)
    flat = g.node("Reshape", share, g.integers(0, len(COLOURS), cell_weights().size))
    seen = g.node("MatMul", flat, g.constant(cell_weights().reshape(-1, 1)))
    return g.node("Reshape", seen, g.integers(0, len(COLOURS)))


def add_to_text(g: Graph, ids: str, tokenizer: Tokenizer) -> str:
    """ids [b, n] -> [b, 11]: equal parts of the colours that are named, length TEXT_WEIGHT; zeros if none is."""
    words = [*COLOURS, *SPELLINGS]
    tokens = [tokenizer.encode(word)[1:-1] for word in words]
    assert all(len(word) == 1 for word in tokens), "every colour is one token"
    found = g.node("Equal", g.node("Unsqueeze", ids, g.integers(2)), g.integers(*[word[0] for word in tokens]))
    counts = g.node("ReduceMax", g.node("Cast", found, to=1), axes=[1], keepdims=0)
    colour_of = np.array([[SPELLINGS.get(word, word) == colour for colour in COLOURS] for word in words])
    named = g.node("MatMul", counts, g.constant(colour_of))
    length = g.node("Max", g.node("ReduceL2", named, axes=[-1], keepdims=1), g.floats(1))
    return g.node("Mul", g.node("Div", named, length), g.floats(TEXT_WEIGHT))
