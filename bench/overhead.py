#!/usr/bin/env python3
"""What the service costs beside the model: HTTP against the raw ONNX Runtime loop, in alternating rounds.

    .deps/venv/bin/python bench/overhead.py [--model NAME] [--rounds 9] [--seconds 3] [--threads 2] [--clients 1]

Raw: the same image encoder file, the same ONNX Runtime version, the same number of threads, batch 1, its input ready
in memory. HTTP: each client posts a 640x480 JPEG on its kept connection; decode, resample, normalise and JSON included.
With one client nothing overlaps: decoding, the answer and the client itself come on top of each encode.
Prints the median rates, their ratio, and the CPU milliseconds a request above the raw encode. The client shares the
machine's cores.
"""
import argparse
import json
import pathlib
import resource
import statistics
import threading
import time

import numpy as np
import onnxruntime

from service import ROOT, Service, photo

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--model", default="starter")
parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "models/starter", help="of that model")
parser.add_argument("--image-encoder", default="image.onnx")
parser.add_argument("--size", type=int, default=260)
parser.add_argument("--rounds", type=int, default=9)
parser.add_argument("--seconds", type=float, default=3)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--clients", type=int, default=1)
arguments = parser.parse_args()

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = arguments.threads
session = onnxruntime.InferenceSession(str(arguments.folder / arguments.image_encoder), options,
                                       providers=["CPUExecutionProvider"])
name = session.get_inputs()[0].name
tensor = np.random.default_rng(1).normal(0, 1, (1, 3, arguments.size, arguments.size)).astype(np.float32)
jpeg = photo(640, 480)


def own_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(calls, cpu):
    """Calls each of `calls` in a thread of its own, again and again: (calls a second, CPU milliseconds a call)."""
    start, cpu_start, counts = time.monotonic(), cpu(), [0] * len(calls)

    def repeat(index):
        while time.monotonic() - start < arguments.seconds:
            calls[index]()
            counts[index] += 1

    threads = [threading.Thread(target=repeat, args=(index,)) for index in range(len(calls))]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return sum(counts) / (time.monotonic() - start), (cpu() - cpu_start) / sum(counts) * 1000


with Service("--model", arguments.model, "--set", f"performance.encoder_threads={arguments.threads}",
             "--set", f"models.dirs={arguments.folder.parent}") as service:
    raw = [lambda: session.run(None, {name: tensor})]
    over_http = [lambda connection=service.connect(): service.embed(jpeg, connection) for _ in range(arguments.clients)]
    for _ in range(5):
        [call() for call in raw + over_http]
    rounds = []
    for _ in range(arguments.rounds):
        rounds.append((measure(raw, own_cpu), measure(over_http, service.cpu_seconds)))

raw_rate = statistics.median(r[0][0] for r in rounds)
http_rate = statistics.median(r[1][0] for r in rounds)
ratio = statistics.median(r[1][0] / r[0][0] for r in rounds)
raw_cpu = statistics.median(r[0][1] for r in rounds)
http_cpu = statistics.median(r[1][1] for r in rounds)
print(f"model {arguments.model}, {arguments.threads} threads, {arguments.clients} clients, {arguments.rounds} rounds of {arguments.seconds} s, "
      f"640x480 JPEG of {len(jpeg) // 1024} KiB, onnxruntime {onnxruntime.__version__}")
print(f"raw loop      {raw_rate:8.1f} images/s  {raw_cpu:7.2f} CPU ms each")
print(f"over HTTP     {http_rate:8.1f} images/s  {http_cpu:7.2f} CPU ms each")
print(f"ratio         {ratio:8.3f}            {http_cpu - raw_cpu:+7.2f} CPU ms")
print(json.dumps({"raw_per_s": raw_rate, "http_per_s": http_rate, "ratio": ratio,
                  "cpu_ms_above_raw": http_cpu - raw_cpu}))
