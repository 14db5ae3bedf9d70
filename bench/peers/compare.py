#!/usr/bin/env python3
"""This service beside two others that serve the same ONNX files: what most people write in Python.

    .deps/venv/bin/python bench/vit_b32.py /tmp/vit-b-32
    ./run models import /tmp/vit-b-32 --logit-scale 100
    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install --require-hashes -r bench/peers/requirements.txt
    /tmp/peers/bin/python bench/peers/compare.py /tmp/vit-b-32 [--rounds 3] [--seconds 3] [--users 8]

`threaded`: FastAPI and a batch of prompts. `one lock`: one request at a time, prompts one by one padded to 77 tokens.
Servers run one at a time, each row in every round; rates are medians, requests a second. Prompts are the same in every
request (a cache of texts may help), pictures differ (a cache of pictures may not). Every server's answers are compared
with those of this one before it is measured.
"""
import argparse
import base64
import json
import pathlib
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from load import closed_loop, request  # noqa: E402
from service import PROGRAM, photo  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=pathlib.Path, help="the published model")
parser.add_argument("--model", help="its name in this service (default: the folder's)")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--seconds", type=float, default=3)
parser.add_argument("--users", type=int, default=8)
parser.add_argument("--threads", type=int, default=2)
arguments = parser.parse_args()


def pictures(width: int, height: int, count: int) -> list:
    """JPEG ignores what is behind its end, a cache of bytes does not."""
    jpeg = photo(width, height)
    return [base64.b64encode(jpeg + i.to_bytes(4, "little")).decode() for i in range(count)]


def json_request(path: str, body: dict) -> bytes:
    return request(path, json.dumps(body).encode(), cold=False)


# More pictures than the service's cache of embeddings is given room for.
SMALL, LARGE = pictures(640, 480, 200), pictures(4000, 3000, 20)
PROMPTS = [f"a photo of thing number {i}" for i in range(100)]
WORK = {
    "image": [json_request("/v1/embed/image", {"image": p}) for p in SMALL],
    "classify, 5 prompts": [json_request("/v1/classify", {"image": p, "prompts": PROMPTS[:5]}) for p in SMALL],
    "classify, 30 prompts": [json_request("/v1/classify", {"image": p, "prompts": PROMPTS[:30]}) for p in SMALL],
    "classify, 5 prompts, 12 MP": [json_request("/v1/classify", {"image": p, "prompts": PROMPTS[:5]}) for p in LARGE],
    "text": [json_request("/v1/embed/text", {"text": f"a photo of object {i} on a table"}) for i in range(20_000)],
}
PEERS: dict = {"hailo-clip": None, "threaded": [], "one lock": ["one-lock"]}


class Server:
    def __init__(self, options: list | None):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        if options is not None:
            command = [sys.executable, HERE / "server.py", str(self.port), arguments.folder, str(arguments.threads),
                       *options]
        else:  # no room for pictures: each costs an encode, as it does the others
            command = [PROGRAM, "serve", "--port", str(self.port), "--log-level", "WARNING",
                       "--model", arguments.model or arguments.folder.name, "--set", "image.cache_max_bytes=0",
                       "--set", f"performance.encoder_threads={arguments.threads}"]
        self.process = subprocess.Popen(command)
        for _ in range(1200):
            try:
                if self.ask("/health")["status"] == "healthy":
                    return
            except (OSError, ValueError):
                time.sleep(0.1)
        raise SystemExit(f"{command[1]} does not answer")

    def ask(self, path: str, body: dict | None = None) -> dict:
        call = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", json.dumps(body).encode() if body else None,
                                      {"Content-Type": "application/json"})
        with urllib.request.urlopen(call, timeout=120) as answer:
            return json.load(answer)

    def memory_mib(self, field: str) -> float:
        status = open(f"/proc/{self.process.pid}/status").read()
        return int(status.split(f"{field}:")[1].split()[0]) / 1024

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def embeddings(server: Server) -> np.ndarray:
    answers = [server.ask("/v1/embed/image", {"image": SMALL[0]}), server.ask("/v1/embed/image", {"image": LARGE[0]}),
               *(server.ask("/v1/embed/text", {"text": text}) for text in ("a cat", "Two dogs, on grass!"))]
    return np.array([answer["embedding"] for answer in answers])


def check(name: str, found: np.ndarray, wanted: np.ndarray) -> None:
    worst = float((found * wanted).sum(axis=1).min())
    if worst < 0.998:
        raise SystemExit(f"{name} computes something else: cosine {worst:.4f}")


rates = {(peer, work): [] for peer in PEERS for work in WORK}
idle: dict = {peer: [] for peer in PEERS}
peak: dict = {peer: [] for peer in PEERS}
reference = None
for _ in range(arguments.rounds):
    for peer, options in PEERS.items():
        with Server(options) as server:
            found = embeddings(server)
            reference = found if reference is None else reference
            check(peer, found, reference)
            time.sleep(1)
            idle[peer].append(server.memory_mib("VmRSS"))
            for work, requests in WORK.items():
                result = closed_loop(server.port, requests, arguments.users, arguments.seconds)
                if set(result.statuses) != {200}:
                    raise SystemExit(f"{peer}, {work}: {result.statuses}")
                rates[peer, work].append(result.rate)
            peak[peer].append(server.memory_mib("VmHWM"))

print(f"{arguments.users} users, {arguments.threads} threads, medians of {arguments.rounds} rounds of "
      f"{arguments.seconds:g} s\n")
print(f"{'requests a second':30}" + "".join(f"{peer:>14}" for peer in PEERS) + f"{'times the best':>16}")
for work in WORK:
    row = [statistics.median(rates[peer, work]) for peer in PEERS]
    print(f"{work:30}" + "".join(f"{rate:14.1f}" for rate in row) + f"{row[0] / max(row[1:]):16.2f}")
for name, values in (("MiB idle", idle), ("MiB at the peak", peak)):
    row = [statistics.median(values[peer]) for peer in PEERS]
    print(f"{name:30}" + "".join(f"{mib:14.0f}" for mib in row) + f"{row[0] / min(row[1:]):16.2f}")
