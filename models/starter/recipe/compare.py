#!/usr/bin/env python3
"""Two image graphs beside each other: time of one picture, and how close their embeddings are.

    VENV/bin/python models/starter/recipe/compare.py IMAGE.onnx OTHER.onnx FOLDER [FOLDER ...]

Times are of one picture with one and with two threads, medians over rounds in which the graphs take turns. Folders are
searched for pictures to any depth.
"""
import argparse
import pathlib
import time

import numpy as np
import onnxruntime

import backbone
import pictures
from codes import unit

ROUNDS, PICTURES_A_ROUND = 8, 6


def session(path: pathlib.Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # as in the program
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    return onnxruntime.InferenceSession(path, options)


def times_ms(sessions: list, pixels: np.ndarray) -> list[float]:
    times = [[] for _ in sessions]
    for _ in range(ROUNDS):
        for one, own in zip(sessions, times):
            for _ in range(PICTURES_A_ROUND):
                start = time.perf_counter()
                one.run(None, {"pixel_values": pixels})
                own.append(1000 * (time.perf_counter() - start))
    return [float(np.median(own)) for own in times]


def cosines(sessions: list, folder: pathlib.Path) -> np.ndarray:
    files = sorted(file for file in folder.rglob("*") if file.suffix in (".jpg", ".png"))
    found = []
    for file in files:
        pixels = pictures.prepared(pictures.load(file))[None]
        a, b = (unit(one.run(None, {"pixel_values": pixels})[0]) for one in sessions)
        found.append(float((a * b).sum()))
    return np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graphs", type=pathlib.Path, nargs=2)
    parser.add_argument("folders", type=pathlib.Path, nargs="+")
    options = parser.parse_args()
    pixels = np.random.default_rng(0).uniform(-1, 1, (1, 3, backbone.SIDE, backbone.SIDE)).astype(np.float32)
    for threads in (1, 2):
        one, other = times_ms([session(path, threads) for path in options.graphs], pixels)
        print(f"{threads} thread{'s' * (threads > 1)}: {one:.1f} ms, {other:.1f} ms, ratio {other / one:.2f}", flush=True)
    sessions = [session(path, 1) for path in options.graphs]
    for folder in options.folders:
        found = cosines(sessions, folder)
        low = np.quantile(found, 0.05)
        spread = f"cosine {found.mean():.4f} in the mean, {low:.4f} at 5 %, {found.min():.4f} at least"
        print(f"{folder.name}: {len(found)} pictures, {spread}", flush=True)


if __name__ == "__main__":
    main()
