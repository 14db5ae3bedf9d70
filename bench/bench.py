#!/usr/bin/env python3
"""The service beside the raw engine, on this machine: `./run bench`, or

    .deps/venv/bin/python bench/bench.py [--model NAME --folder MODEL_FOLDER] [--rounds 3] [--seconds 2] [--json FILE]

Rates are medians over rounds in which every row has its turn, so that a noisy machine is noisy to all of them; "of raw"
is the median of the ratios to the raw engine of the same round. Raw: the same encoder files in the same version of ONNX
Runtime with the same threads, its inputs ready in memory. Load comes from this machine too, so it takes its share of
the cores. Nothing is cached unless a row says so.
"""
import argparse
import base64
import collections
import json
import pathlib
import statistics
import sys
import time

import numpy as np
import onnxruntime
from load import closed_loop, open_loop, percentile, request
from service import ROOT, Service, photo

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--model", default="starter")
parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "models/starter", help="of that model")
parser.add_argument("--size", type=int, default=260, help="side of the encoder's input")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--seconds", type=float, default=2)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--json", type=pathlib.Path)
parser.add_argument("--only", choices=["engine", "device", "overload", "soak"], help="one part of it")
parser.add_argument("--overload-seconds", type=float, default=10, help="at each rate (default 10)")
parser.add_argument("--overload-factors", type=float, nargs="+", default=[0.5, 0.8, 1, 2, 4], metavar="X",
                    help="arrivals as multiples of the best rate")
parser.add_argument("--soak-minutes", type=float, default=0, help="90 %% of the best rate for so long (default 0: none)")
arguments = parser.parse_args()
PLACES, BATCH = 12, 4  # for requests with the default configuration; of the starter
results: dict = {"model": arguments.model, "threads": arguments.threads, "onnxruntime": onnxruntime.__version__}


def say(text: str = "") -> None:
    print(text, flush=True)


def classify(jpeg: bytes, labels: list, cold: bool = True) -> bytes:
    body = {"image": base64.b64encode(jpeg).decode(), "prompts": labels}
    return request("/v1/classify", json.dumps(body).encode(), cold=cold)


def labels(count: int) -> list:
    return [f"a photo of thing number {i}" for i in range(count)]


def distinct_photos(count: int) -> list:
    """Pictures that no cache takes for each other: JPEG ignores what is behind its end."""
    jpeg = photo(640, 480)
    return [jpeg + i.to_bytes(4, "little") for i in range(count)]


def raw_engine():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    graph = next(path for path in sorted(arguments.folder.rglob("*.onnx")) if "text" not in path.name)
    session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def rate(batch: int) -> float:
        pixels = np.random.default_rng(1).standard_normal((batch, 3, arguments.size, arguments.size), dtype=np.float32)
        session.run(None, {name: pixels})
        begun, count = time.perf_counter(), 0
        while time.perf_counter() - begun < arguments.seconds:
            session.run(None, {name: pixels})
            count += batch
        return count / (time.perf_counter() - begun)

    return rate


def beside_the_engine() -> None:
    raw, all_cached = raw_engine(), "same picture and prompts, all cached, 8 clients"
    small, medium, large = photo(224, 224), photo(640, 480), photo(4000, 3000)
    jpeg = {"224 px": small, "640x480": medium, "12 MP": large}
    flags = ["--model", arguments.model, "--set", f"performance.encoder_threads={arguments.threads}",
             "--set", "performance.max_queue_size=64", "--set", f"models.dirs={arguments.folder.parent}",
             "--set", "text_embedding.cache_max_entries=5000"]
    # Prompts are looked up, pictures are not: the service keeps none, and clients' pictures differ.
    warm = {count: [classify(p, labels(count), cold=False) for p in distinct_photos(200)] for count in (5, 100, 1000)}
    texts = [request("/v1/embed/text", json.dumps({"text": f"a photo of thing {i} on a table"}).encode())
             for i in range(100)]
    rows = [(f"image, {name}, {clients} client{'s' * (clients > 1)}",
             [request("/v1/embed/image", data, "image/jpeg")], clients, 8 if clients > 1 else 1)
            for name, data in jpeg.items() for clients in ((1, 8, 32) if name == "640x480" else (1, 8))]
    rows += [(f"classify, {count} cached prompts, {clients} clients", warm[count], clients, 8 if clients > 1 else 1)
             for count in (5, 100, 1000) for clients in (1, 8)]
    rows += [(all_cached, [classify(medium, labels(5), cold=False)], 8, None), ("text, 8 clients", texts, 8, None)]
    rates: dict = {row[0]: [] for row in rows} | {"raw 1": [], "raw 8": []}
    ratios: dict = {row[0]: [] for row in rows}
    with Service(*flags, "--set", "image.cache_max_bytes=0") as service, Service(*flags) as caching:
        for count in warm:  # the prompts are in the cache from here on
            service.request("POST", "/v1/embed/text", json.dumps({"texts": labels(count)}),
                            {"Content-Type": "application/json", "Cache-Control": "max-age=0"})
        results["idle_mib"] = service.memory_mib("VmRSS:")
        for number in range(arguments.rounds):
            # Each round begins elsewhere: a machine that has been busy for long is slower.
            begin = number * len(rows) // arguments.rounds
            for name, requests, clients, batch in rows[begin:] + rows[:begin]:
                # Right before the row: the speed of a shared machine changes within a minute.
                beside = {size: raw(size) for size in {None: (), 1: (1,), 8: (1, 8)}[batch]}
                result = closed_loop((caching if name == all_cached else service).port, requests, clients,
                                     arguments.seconds)
                if set(result.statuses) != {200}:
                    raise SystemExit(f"{name}: {result.statuses}")
                rates[name].append(result.rate)
                for size, rate in beside.items():
                    rates[f"raw {size}"].append(rate)
                if beside:
                    ratios[name].append(result.rate / max(beside.values()))
        results["peak_mib"] = service.memory_mib("VmHWM:")
    say(f"model {arguments.model}, {arguments.threads} threads, onnxruntime {onnxruntime.__version__}, "
        f"{arguments.rounds} rounds of {arguments.seconds} s a row; memory idle {results['idle_mib']:.0f} MiB, "
        f"peak {results['peak_mib']:.0f} MiB\n")
    say(f"{'':52}{'per s':>9}{'of raw':>9}")
    for name in ("raw 1", "raw 8"):
        say(f"{'raw engine, batch ' + name[4:]:52}{statistics.median(rates[name]):9.1f}")
    for name, *_ in rows:
        ratio = f"{statistics.median(ratios[name]):9.2f}" if ratios[name] else ""
        say(f"{name:52}{statistics.median(rates[name]):9.1f}{ratio}")
    results["rates"] = {name: statistics.median(values) for name, values in rates.items()}
    results["of_raw"] = {name: statistics.median(values) for name, values in ratios.items() if values}


def busy_seconds(service) -> float:
    stats = json.loads(service.request("GET", "/v1/stats")[1])
    return next(sample["value"] for sample in stats["hailo_clip_device_busy_seconds_total"]
                if sample["encoder"] == "image")


def beside_a_device() -> None:
    """The host at the speed of a Hailo-10H with ViT-B/32: 335 images a second in batches of 8."""
    say("\nsimulated ViT-B/32 on a Hailo-10H (335/s at batch 8), 640x480 JPEG over HTTP")
    flags = ["--set", "clip.backend=simulated", "--set", "performance.max_queue_size=200"]
    body = [request("/v1/embed/image", photo(640, 480, 80), "image/jpeg")]
    seconds = max(5.0, arguments.seconds)
    with Service(*flags) as service:
        busy = busy_seconds(service)
        result = closed_loop(service.port, body, 32, seconds)
        busy = (busy_seconds(service) - busy) / result.seconds
        say(f"  32 clients: {result.rate:.0f}/s, device busy {busy:.1%}")
        results["device"] = {"rate": result.rate, "busy": busy}
        for share in (0.5, 0.8):
            result = open_loop(service.port, body, 335 * share, seconds)
            say(f"  arrivals at {share:.0%}: p50 {percentile(result.latencies, 50):.0f} ms, "
                f"p99 {percentile(result.latencies, 99):.0f} ms, "
                f"statuses {result.statuses}")
            results["device"][f"p99_ms_at_{share}"] = percentile(result.latencies, 99)
    with Service(*flags, "--set", "clip.simulated_device=none") as service:
        result = closed_loop(service.port, body, 8, seconds)
        say(f"  no device at all: {result.rate:.0f}/s")
        results["device"]["null_rate"] = result.rate


def arrivals(service, body: list, factor: float, seconds: float) -> dict:
    """Open loop at `factor` times the best rate of 8 clients, which is measured again every 20 seconds."""
    parts, slices = [], max(1, round(seconds / 20))
    for _ in range(slices):
        best = closed_loop(service.port, body, 8, 4).rate
        parts.append((best, open_loop(service.port, body, best * factor, seconds / slices)))
    latencies = [latency for _, result in parts for latency in result.latencies]
    # An accepted request waits for those that are inside and, at worst, for a batch that has just begun.
    of_bound = [latency * best / (PLACES + BATCH) / 1000 for best, result in parts for latency in result.latencies]
    statuses: dict = collections.Counter()
    for _, result in parts:
        statuses.update(result.statuses)
    return {"best": statistics.median(best for best, _ in parts),
            "goodput": statistics.median(result.rate for _, result in parts),
            "of_best": statistics.median(result.rate / best for best, result in parts),
            "answers": len(latencies), "p50": percentile(latencies, 50), "p99": percentile(latencies, 99),
            "p99_of_bound": percentile(of_bound, 99), "refused": statuses.get(429, 0) / max(1, statuses.total()),
            "refusal_p99": percentile([refusal for _, result in parts for refusal in result.refusals], 99),
            "mib": service.memory_mib("VmRSS:"), "statuses": dict(statuses)}


def service_and_pictures():
    return (Service("--model", arguments.model, "--set", f"models.dirs={arguments.folder.parent}"),
            [request("/v1/embed/image", data, "image/jpeg") for data in distinct_photos(200)])


def overload() -> None:
    say("\noverload: arrivals at a multiple of the best rate, default queue; times in ms; the bound of an accepted request\n"
        f"is {PLACES} places and a batch of {BATCH} divided by the best rate")
    say(f"  {'':6}{'best':>8}{'goodput':>9}{'of best':>9}{'p50':>8}{'p99':>8}{'of bound':>10}{'refused':>9}"
        f"{'refusal p99':>13}{'MiB':>7}")
    results["overload"] = {}
    service, body = service_and_pictures()
    with service:
        for factor in arguments.overload_factors:
            row = arrivals(service, body, factor, arguments.overload_seconds)
            results["overload"][str(factor)] = row
            say(f"  {factor:4g} x{row['best']:8.1f}{row['goodput']:9.1f}{row['of_best']:9.2f}{row['p50']:8.0f}"
                f"{row['p99']:8.0f}{row['p99_of_bound']:10.2f}{row['refused']:9.1%}{row['refusal_p99']:13.1f}"
                f"{row['mib']:7.0f}")


def soak() -> None:
    """Memory and errors at 90 % of the best rate, a line for each sixth of the time."""
    if arguments.soak_minutes == 0:
        return
    say(f"\nsoak: {arguments.soak_minutes:g} minutes at 90 % of the best rate; times in ms")
    say(f"  {'minute':>8}{'best':>8}{'answers':>9}{'p50':>8}{'p99':>8}{'MiB':>7}  statuses")
    results["soak"] = []
    service, body = service_and_pictures()
    with service:
        for part in range(1, 7):
            row = {"minute": arguments.soak_minutes / 6 * part,
                   **arrivals(service, body, 0.9, arguments.soak_minutes * 10)}
            results["soak"].append(row)
            say(f"  {row['minute']:8.1f}{row['best']:8.1f}{row['answers']:9}{row['p50']:8.0f}{row['p99']:8.0f}"
                f"{row['mib']:7.0f}  {row['statuses']}")


for name, part in {"engine": beside_the_engine, "device": beside_a_device, "overload": overload, "soak": soak}.items():
    if arguments.only in (None, name):
        part()
if arguments.json:
    arguments.json.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\nwritten to {arguments.json}", file=sys.stderr)
