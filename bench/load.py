"""Load on a service: many clients in a closed loop, or arrivals at a given rate whatever the service does."""
import dataclasses
import json
import pathlib
import subprocess
import tempfile

GENERATOR = pathlib.Path(__file__).resolve().parents[1] / "build/release/bench/load_generator"


def request(path: str, body: bytes, content_type: str = "application/json", cold: bool = True) -> bytes:
    """One HTTP request as it goes over the wire. `cold`: the service neither looks anything up nor keeps it."""
    head = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\n" + ("Cache-Control: no-store\r\n" if cold else "") + "\r\n")
    return head.encode() + body


@dataclasses.dataclass
class Result:
    seconds: float
    latencies: list  # of answers with status 200, in milliseconds
    refusals: list   # of all others, in milliseconds
    statuses: dict

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


def percentile(values: list, p: float) -> float:
    """nan without values."""
    values = sorted(values)
    return values[min(len(values) - 1, int(p / 100 * len(values)))] if values else float("nan")


def _generate(port: int, requests: list, *options) -> Result:
    """Runs load_generator.cc: this process would need more of the cores than the service does."""
    with tempfile.NamedTemporaryFile() as file:
        for data in requests:
            file.write(len(data).to_bytes(4, "little") + data)
        file.flush()
        command = [GENERATOR, str(port), file.name, *map(str, options)]
        made = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return Result(made["seconds"], [us / 1000 for us in made["answered_us"]], [us / 1000 for us in made["refused_us"]],
                  {int(status): count for status, count in made["statuses"].items()})


def closed_loop(port: int, requests: list, clients: int, seconds: float) -> Result:
    """Each client asks again as soon as it has its answer. They begin far apart in `requests`: the service encodes once
    what two ask for at the same time."""
    return _generate(port, requests, "--clients", clients, "--seconds", seconds)


def open_loop(port: int, requests: list, rate: float, seconds: float) -> Result:
    """A request every 1/rate seconds, whether or not earlier ones are answered. Latencies count from the moment a
    request was due, so waiting for a free connection is part of them; those of refusals from when it was sent."""
    return _generate(port, requests, "--rate", rate, "--seconds", seconds)
