"""EfficientNet-Lite2 as a list of convolutions with batch normalisation folded in, and its classifier.

Architecture: M. Tan's EfficientNet-Lite (the B-series without squeeze-and-excitation, ReLU6 for swish). Names of the
tensors are those of the PyTorch port that the weights come in.
"""
import dataclasses
import math

import checkpoint
import numpy as np

SIDE = 260  # pixels
RESIZE = 297  # the shorter side before the middle is cut out: round(260 / 0.875)
MEAN, STD = 127 / 255, 128 / 255  # of pixels in 0..1
EPSILON = 1e-3
FEATURES = 1280
# (blocks, kernel, stride of the first block, expansion) of the seven stages
STAGES = [(1, 3, 1, 1), (3, 3, 2, 6), (3, 5, 2, 6), (4, 3, 2, 6), (4, 5, 1, 6), (5, 5, 2, 6), (1, 3, 1, 6)]


@dataclasses.dataclass
class Convolution:
    kernel: np.ndarray  # [out, in / groups, k, k]
    bias: np.ndarray  # [out]
    stride: int
    groups: int
    relu6: bool


@dataclasses.dataclass
class Backbone:
    # Convolutions in groups; a group whose input and output have the same shape adds its input to its output.
    blocks: list[list[Convolution]]
    classifier: np.ndarray  # W [1000, 1280]
    classifier_bias: np.ndarray  # b [1000]
    mean_feature: np.ndarray  # mu [1280]: the pooled feature of a typical photo, estimated without any photo


def fold(tensors: dict, convolution: str, norm: str, stride=1, depthwise=False, relu6=True) -> Convolution:
    kernel = tensors[convolution + ".weight"]
    scale = tensors[norm + ".weight"] / np.sqrt(tensors[norm + ".running_var"] + EPSILON)
    bias = tensors[norm + ".bias"] - tensors[norm + ".running_mean"] * scale
    groups = kernel.shape[0] if depthwise else 1
    return Convolution(kernel * scale[:, None, None, None], bias, stride, groups, relu6)


def block(tensors: dict, name: str, stride: int, expands: bool) -> list[Convolution]:
    expand = [fold(tensors, name + "_expand_conv", name + "_bn0")] if expands else []
    depthwise = fold(tensors, name + "_depthwise_conv", name + "_bn1", stride, depthwise=True)
    return [*expand, depthwise, fold(tensors, name + "_project_conv", name + "_bn2", relu6=False)]


def expected_relu6(mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """E[min(max(X, 0), 6)] of X ~ N(mean, deviation^2): the last normalisation says how its outputs are spread."""

    def positive_part(m):  # E[max(X, 0)]
        z = m / deviation
        cumulative = np.array([0.5 * (1 + math.erf(v / math.sqrt(2))) for v in z])
        return m * cumulative + deviation * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    return positive_part(mean) - positive_part(mean - 6)


def load(pth: bytes) -> Backbone:
    tensors = checkpoint.load(pth)
    blocks = [[fold(tensors, "_conv_stem", "_bn0", stride=2)]]
    for count, _, first_stride, expansion in STAGES:
        for i in range(count):
            name = f"_blocks.{len(blocks) - 1}."
            blocks.append(block(tensors, name, first_stride if i == 0 else 1, expansion > 1))
    blocks.append([fold(tensors, "_conv_head", "_bn1")])
    mean = expected_relu6(tensors["_bn1.bias"].astype(float), np.abs(tensors["_bn1.weight"]).astype(float))
    return Backbone(blocks, tensors["_fc.weight"], tensors["_fc.bias"], mean.astype(np.float32))
