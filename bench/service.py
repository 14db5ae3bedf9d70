"""The program under measurement: started on a free port, asked over one kept connection, read from /proc."""
import http.client
import json
import os
import pathlib
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = str(ROOT / "build/release/bin/hailo-clip")
TICKS = os.sysconf("SC_CLK_TCK")


class Service:
    def __init__(self, *flags: str):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--port", str(self.port), "--log-level", "WARNING", *flags])
        begun = time.monotonic()
        deadline = begun + 120
        while time.monotonic() < deadline:
            try:
                if self.request("GET", "/health/ready")[0] == 200:
                    self.seconds_to_ready = time.monotonic() - begun
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise SystemExit("the service did not become ready")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def request(self, method, path, body=None, headers=None, connection=None):
        connection = connection or self.connect()
        # Nothing is looked up: the same picture again and again costs what different ones would.
        connection.request(method, path, body, {"Cache-Control": "no-store"} | (headers or {}))
        response = connection.getresponse()
        return response.status, response.read()

    def embed(self, jpeg: bytes, connection) -> dict:
        status, body = self.request("POST", "/v1/embed/image", jpeg, {"Content-Type": "image/jpeg"}, connection)
        if status != 200:
            raise SystemExit(f"{status}: {body[:300]!r}")
        return json.loads(body)

    def memory_mib(self, field: str) -> float:
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith(field):
                return int(line.split()[1]) / 1024
        raise KeyError(field)

    def reset_peak(self):
        with open(f"/proc/{self.process.pid}/clear_refs", "w") as file:
            file.write("5")

    def cpu_seconds(self) -> float:
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def photo(width: int, height: int, quality: int = 88) -> bytes:
    """A detailed JPEG of that size: a CC0 photo enlarged, with film grain so that it weighs what a camera's does."""
    import io

    import numpy as np
    from PIL import Image

    picture = Image.open(ROOT / "tests/data/images/photo_coffee.jpg").convert("RGB")
    pixels = np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
    grain = np.random.default_rng(7).normal(0, 5, (height, width, 1)).astype(np.int16)
    out = io.BytesIO()
    Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=quality)
    return out.getvalue()
