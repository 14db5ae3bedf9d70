#!/usr/bin/env python3
"""Resident memory: idle, after 1,000 requests, and the peak with 32 uploads of 12 megapixels at once.

    .deps/venv/bin/python bench/memory.py [--model NAME] [--folder MODEL_FOLDER] [--map-weights]
"""
import argparse
import base64
import json
import pathlib
import threading
import time

from service import ROOT, Service, photo

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--model", default="starter")
parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "models/starter", help="of that model")
parser.add_argument("--map-weights", action="store_true", help="with performance.map_weights")
parser.add_argument("--requests", type=int, default=1000)
arguments = parser.parse_args()

small, large = photo(640, 480), photo(4000, 3000)
prompts = ["a cup of coffee", "a cat", "a dog", "a rocket", "a beach"]
body = json.dumps({"image": base64.b64encode(large).decode(), "prompts": prompts}).encode()
weights = sum(file.stat().st_size for file in arguments.folder.rglob("*.onnx*")) / 2**20

with Service("--model", arguments.model, "--set", "performance.max_queue_size=32",
             "--set", f"models.dirs={arguments.folder.parent}",
             "--set", f"performance.map_weights={str(arguments.map_weights).lower()}") as service:
    print(f"start until ready      {service.seconds_to_ready:8.2f} s")
    time.sleep(1)
    print(f"model files            {weights:8.1f} MiB")
    print(f"idle, anonymous        {service.memory_mib('RssAnon:'):8.1f} MiB")
    print(f"idle                   {service.memory_mib('VmRSS:'):8.1f} MiB resident")
    print(f"peak while starting    {service.memory_mib('VmHWM:'):8.1f} MiB")
    connection = service.connect()
    for _ in range(arguments.requests):
        service.embed(small, connection)
    print(f"after {arguments.requests} requests    {service.memory_mib('VmRSS:'):8.1f} MiB resident")
    service.reset_peak()
    statuses = []

    def upload():
        statuses.append(service.request("POST", "/v1/classify", body, {"Content-Type": "application/json"})[0])

    threads = [threading.Thread(target=upload) for _ in range(32)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    counts = {status: statuses.count(status) for status in sorted(set(statuses))}
    print(f"32 uploads of 12 MP    {service.memory_mib('VmHWM:'):8.1f} MiB peak "
          f"({len(body) / 2**20:.1f} MiB of JSON each; statuses {counts})")
    time.sleep(5)
    print(f"5 s later              {service.memory_mib('VmRSS:'):8.1f} MiB resident")
