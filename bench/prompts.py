#!/usr/bin/env python3
"""What prompts cost the host that are in the request and known already: processor milliseconds a request.

    .deps/venv/bin/python bench/prompts.py [--requests 400] [--rounds 5]

The simulated backend computes nothing and takes no time, and the picture is in the cache too, so nothing but the host
is left; HTTP included, the client not.
"""
import argparse
import base64
import json
import statistics
import time

from service import ROOT, Service

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--requests", type=int, default=400)
parser.add_argument("--rounds", type=int, default=5)
arguments = parser.parse_args()

picture = base64.b64encode((ROOT / "tests/data/images/photo_coffee.jpg").read_bytes()).decode()
with Service("--set", "clip.backend=simulated", "--set", "clip.simulated_device=none",
             "--set", f"models.dirs={ROOT / 'models'}",
             "--set", "text_embedding.cache_max_entries=5000") as service:
    connection = service.connect()
    kept = {"Content-Type": "application/json", "Cache-Control": "max-age=0"}
    bodies = {count: json.dumps(
        {"image": picture, "prompts": [f"a photo of thing number {i}" for i in range(count)]}).encode()
        for count in (1, 5, 100, 1000)}
    rows = {count: [] for count in bodies}
    for round in range(arguments.rounds + 1):
        for count, body in bodies.items():
            cpu, begun = service.cpu_seconds(), time.perf_counter()
            for _ in range(arguments.requests if round else 20):
                if service.request("POST", "/v1/classify", body, kept, connection)[0] != 200:
                    raise SystemExit(f"{count} prompts: not answered")
            took = time.perf_counter() - begun
            if round:
                rows[count].append(((service.cpu_seconds() - cpu) * 1000 / arguments.requests,
                                    took * 1000 / arguments.requests))
print(f"{'prompts':>8}{'CPU ms':>10}{'ms':>10}")
for count, values in rows.items():
    print(f"{count:8}{statistics.median(v[0] for v in values):10.2f}{statistics.median(v[1] for v in values):10.2f}")
