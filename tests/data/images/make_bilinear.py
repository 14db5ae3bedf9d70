"""Writes bilinear.jsonl: the crops of some pictures with Pillow's bilinear filter, as sha256 of their RGB bytes.

usage: make_bilinear.py   (the file is from Pillow 13.0.0)
"""
import hashlib
import json
from pathlib import Path

from PIL import Image

here = Path(__file__).parent
NAMES = ["checkerboard_3px.png", "gradient.png", "noise.png", "photo_cat.png", "size_1x1.png", "size_223x225.png",
         "size_299x224.png", "size_2x223.png", "size_3x3.png", "thin_lines.png", "zone_plate.png"]


def resize(image, width, height):
    """Horizontal pass first, whatever order this version of Pillow would choose."""
    return image.resize((width, image.height), Image.BILINEAR).resize((width, height), Image.BILINEAR)


def crop224(image):
    short, long = sorted(image.size)
    longer = 224 if short == long else int(224 * long / short)
    image = resize(image, *((longer, 224) if image.width >= image.height else (224, longer)))
    left, top = round((image.width - 224) / 2), round((image.height - 224) / 2)
    return image.crop((left, top, left + 224, top + 224))


with open(here / "bilinear.jsonl", "w") as out:
    for name in NAMES:
        image = Image.open(here / name).convert("RGB")
        row = {"image": name}
        for mode, crop in (("clip224", crop224(image)), ("squash256", resize(image, 256, 256))):
            row[mode] = hashlib.sha256(crop.tobytes()).hexdigest()
        out.write(json.dumps(row) + "\n")
