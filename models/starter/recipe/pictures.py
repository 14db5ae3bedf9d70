"""From a picture's file to what image.onnx takes, as the program does it."""
import pathlib

import backbone
import numpy as np
from PIL import Image


def load(path: pathlib.Path) -> Image.Image:
    return Image.open(path).convert("RGB")


def prepared(image: Image.Image) -> np.ndarray:
    """-> [3, 260, 260] f32"""
    scale = backbone.RESIZE / min(image.size)
    size = [max(backbone.RESIZE, round(side * scale)) for side in image.size]
    left, top = ((side - backbone.SIDE) // 2 for side in size)
    box = (left, top, left + backbone.SIDE, top + backbone.SIDE)
    pixels = np.asarray(image.resize(size, Image.BICUBIC).crop(box), np.float32) / 255
    return ((pixels - backbone.MEAN) / backbone.STD).transpose(2, 0, 1).astype(np.float32)
