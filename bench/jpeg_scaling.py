#!/usr/bin/env python3
"""What image.jpeg_scaling: fast changes, and what it saves.

    .deps/venv/bin/python bench/jpeg_scaling.py FOLDER [--model starter]

FOLDER holds JPEGs at any depth; those of 4 megapixels and more count. Prints for each, and over all, the cosine between
the embeddings of exact and fast decoding, and how often the best of 40 prompts changes. Then the time from the bytes of a
12 megapixel JPEG to a [3, 224, 224] tensor: exact, fast, and Pillow (decode, bicubic, crop, normalise with numpy), in
rounds that take turns, medians. Real pictures that anybody can fetch: the wallpapers of Debian, see docs/PERFORMANCE.md.
"""
import argparse
import io
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
from PIL import Image

from service import PROGRAM, ROOT, photo

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--model", default="starter")
parser.add_argument("--rounds", type=int, default=9)
arguments = parser.parse_args()

LABELS = """cat, dog, horse, bird, fish, insect, tree, flower, grass, mountain, beach, sea, street, building, bridge, car,
    bicycle, bus, train, boat, aeroplane, person, child, crowd, face, dress, shirt, trousers, shoes, hat, bag, chair, table,
    lamp, bed, kitchen, food, fruit, cup of coffee, book""".replace("\n", " ").split(",")
PROMPTS = [f"a photo of a {label.strip()}" for label in LABELS]
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


def embed(mode: str, *words: str) -> np.ndarray:
    command = [PROGRAM, "embed", "--model", arguments.model, "--set", f"image.jpeg_scaling={mode}", *words]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return np.array([json.loads(line)["embedding"] for line in lines])


def large_pictures() -> list[pathlib.Path]:
    found = []
    for file in sorted(arguments.folder.rglob("*.jp*g")):
        with Image.open(file) as picture:
            if not file.is_symlink() and picture.width * picture.height >= 4_000_000:
                found.append(file)
    return found


def drift() -> None:
    files = large_pictures()
    prompts = embed("exact", *[word for prompt in PROMPTS for word in ("-t", prompt)])
    exact, fast = embed("exact", *map(str, files)), embed("fast", *map(str, files))
    cosines = (exact * fast).sum(axis=1)
    flips = (exact @ prompts.T).argmax(axis=1) != (fast @ prompts.T).argmax(axis=1)
    for file, cosine, flip in sorted(zip(files, cosines, flips), key=lambda row: row[1]):
        with Image.open(file) as picture:
            print(f"{cosine:.5f}  {picture.width:5} x {picture.height:<5} {'best prompt changed ' if flip else ''}{file.name}")
    print(f"{len(files)} pictures: cosine worst {cosines.min():.5f}, mean {cosines.mean():.5f}; best of {len(PROMPTS)} prompts "
          f"changed {flips.sum()} times")


def pillow(jpeg: bytes) -> float:
    begun = time.perf_counter()
    picture = Image.open(io.BytesIO(jpeg)).convert("RGB")
    scale = 224 / min(picture.size)
    picture = picture.resize((int(picture.width * scale), int(picture.height * scale)), Image.Resampling.BICUBIC)
    left, top = (picture.width - 224) // 2, (picture.height - 224) // 2
    pixels = np.asarray(picture.crop((left, top, left + 224, top + 224)), np.float32) / 255
    np.ascontiguousarray(((pixels - MEAN) / STD).transpose(2, 0, 1))
    return 1000 * (time.perf_counter() - begun)


def ours(file: str, scaled: int) -> float:
    result = subprocess.run([ROOT / "build/release/src/image/image_benchmark", f"--benchmark_filter=FileToTensor/scaled:{scaled}$",
                             "--benchmark_format=json"], capture_output=True, text=True, check=True,
                            env={**os.environ, "HC_BENCH_JPEG": file})
    return json.loads(result.stdout)["benchmarks"][0]["real_time"]


def speed() -> None:
    jpeg = photo(4000, 3000)
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        file.write(jpeg)
        file.flush()
        rounds = [(ours(file.name, 0), ours(file.name, 1), statistics.median(pillow(jpeg) for _ in range(3)))
                  for _ in range(arguments.rounds)]
    exact, fast, other = (statistics.median(column) for column in zip(*rounds))
    print(f"12 MP JPEG of {len(jpeg) / 1e6:.1f} MB to tensor: exact {exact:.1f} ms, fast {fast:.1f} ms, Pillow {other:.1f} ms; "
          f"Pillow / exact {other / exact:.2f}, Pillow / fast {other / fast:.2f}")


drift()
speed()
