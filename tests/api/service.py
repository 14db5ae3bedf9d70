"""Starts the real program and speaks to it over a socket.

HC_TEST_BINARY names the program (default: build/release/bin/hailo-clip of this tree).
"""

import base64
import dataclasses
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGES = ROOT / "tests" / "data" / "images"
BINARY = os.environ.get("HC_TEST_BINARY", str(ROOT / "build" / "release" / "bin" / "hailo-clip"))
# Sanitized builds are slower and need more memory; they run the same tests without the figures.
SANITIZED = os.environ.get("HC_TEST_PRESET", "release") in ("asan", "tsan", "debug")
READY_SECONDS = 120 if SANITIZED else 30


@dataclasses.dataclass
class Service:
    process: subprocess.Popen
    port: int
    log: pathlib.Path

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def post(self, path, **arguments):
        return requests.post(self.url + path, timeout=60, **arguments)

    def get(self, path, **arguments):
        return requests.get(self.url + path, timeout=60, **arguments)

    def connect(self):
        """A plain socket to the service."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def log_lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def wait_until(self, get, good):
        """The first value of `get()` that is `good`."""
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            value = get()
            if good(value):
                return value
            time.sleep(0.02)
        raise AssertionError(f"{value}\n{self.log.read_text()[-3000:]}")

    def wait_for_log_line(self, matches, count=1):
        """The `count`th line that matches. A line follows its answer, so the client may be here first."""
        found = self.wait_until(lambda: [line for line in self.log_lines() if matches(line)],
                                lambda lines: len(lines) >= count)
        return found[count - 1]

    def memory_kib(self, key):
        """A value of /proc/<pid>/status: VmRSS now, VmHWM the peak."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith(key + ":")))

    def wait_until_ready(self):
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if self.get("/health/ready").status_code == 200:
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.02)
        raise AssertionError("not ready in time: " + self.log.read_text())


def start_service(folder, **sections):
    """Starts `hailo-clip serve` on a free port; keyword arguments are sections of its configuration."""
    log = folder / "service.log"
    config = {"logging": {"level": "DEBUG", "format": "json"}, **sections}
    config["server"] = {"host": "127.0.0.1", "port": 0, "keys_file": str(folder / "keys"), **config.get("server", {})}
    file = folder / "hailo-clip.yaml"
    file.write_text(json.dumps(config))  # JSON is YAML
    # Nothing of this machine's configuration, keys or models is seen.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HAILO_CLIP_")}
    environment["XDG_DATA_HOME"] = str(folder / "share")
    with log.open("w") as output:
        process = subprocess.Popen([BINARY, "serve", "--config", str(file)], stderr=output, env=environment)
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        for line in log.read_text().splitlines():
            if '"message":"listening"' in line:
                service = Service(process, json.loads(line)["port"], log)
                service.wait_until_ready()
                return service
        assert process.poll() is None, log.read_text()
        time.sleep(0.02)
    raise AssertionError("does not listen: " + log.read_text())


def stop_service(service):
    """SIGTERM, and the exit status."""
    if service.process.poll() is None:
        service.process.send_signal(signal.SIGTERM)
    return service.process.wait(timeout=60)


def photo(name):
    return (IMAGES / name).read_bytes()


def base64_photo(name):
    return base64.b64encode(photo(name)).decode()


def read_answer(file):
    """(status, headers, body) of one answer from a socket's file; status 0 if the connection ended."""
    line = file.readline()
    if not line:
        return 0, {}, b""
    headers = {}
    while (field := file.readline().strip()) != b"":
        name, value = field.decode().split(":", 1)
        headers[name.lower()] = value.strip()
    return int(line.split()[1]), headers, file.read(int(headers.get("content-length", 0)))
