"""Load on a service: many clients in a closed loop, or arrivals at a given rate whatever the service does."""
import dataclasses
import socket
import threading
import time


def request(path: str, body: bytes, content_type: str = "application/json", cold: bool = True) -> bytes:
    """One HTTP request as it goes over the wire. `cold`: the service neither looks anything up nor keeps it."""
    head = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\n" + ("Cache-Control: no-store\r\n" if cold else "") + "\r\n")
    return head.encode() + body


class Connection:
    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def ask(self, data: bytes) -> int:
        """Sends a request, reads the whole answer, returns its status."""
        self.socket.sendall(data)
        while (end := self.buffer.find(b"\r\n\r\n")) < 0:
            self._more()
        head = self.buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15:].split(b"\r\n", 1)[0]) if at >= 0 else 0
        while len(self.buffer) < end + 4 + length:
            self._more()
        self.buffer = self.buffer[end + 4 + length:]
        return int(head[9:12])

    def _more(self):
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError("the service closed the connection")
        self.buffer += data


@dataclasses.dataclass
class Result:
    seconds: float = 0.0
    latencies: list = dataclasses.field(default_factory=list)  # of answers with status 200, in seconds
    refusals: list = dataclasses.field(default_factory=list)   # of 429, in seconds
    statuses: dict = dataclasses.field(default_factory=dict)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, p: float, values=None) -> float:
        """In milliseconds; nan without values."""
        values = sorted(self.latencies if values is None else values)
        return values[min(len(values) - 1, int(p / 100 * len(values)))] * 1000 if values else float("nan")


def _run(workers) -> None:
    threads = [threading.Thread(target=worker) for worker in workers]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]


def closed_loop(port: int, requests: list, clients: int, seconds: float) -> Result:
    """Each client asks again as soon as it has its answer. They begin far apart in `requests`: the service encodes once
    what two ask for at the same time."""
    result, lock, end = Result(), threading.Lock(), time.perf_counter() + seconds

    def client(index):
        connection, i = Connection(port), index * len(requests) // clients
        while (begun := time.perf_counter()) < end:
            status = connection.ask(requests[i % len(requests)])
            took = time.perf_counter() - begun
            i += 1
            with lock:
                result.statuses[status] = result.statuses.get(status, 0) + 1
                (result.latencies if status == 200 else result.refusals).append(took)
            if status == 429:
                time.sleep(0.05)

    begun = time.perf_counter()
    _run([lambda i=i: client(i) for i in range(clients)])
    result.seconds = time.perf_counter() - begun
    return result


def open_loop(port: int, requests: list, rate: float, seconds: float, connections: int = 128) -> Result:
    """A request every 1/rate seconds, whether or not earlier ones are answered. Latencies count from the moment a
    request was due, so waiting for a free connection is part of them; those of refusals from when it was sent."""
    result, lock = Result(), threading.Lock()
    count, taken, start = int(rate * seconds), iter(range(int(rate * seconds))), time.perf_counter() + 0.2

    def sender():
        connection = Connection(port)
        while True:
            with lock:
                i = next(taken, None)
            if i is None:
                return
            due = start + i / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            sent = time.perf_counter()
            status = connection.ask(requests[i % len(requests)])
            done = time.perf_counter()
            with lock:
                result.statuses[status] = result.statuses.get(status, 0) + 1
                if status == 200:
                    result.latencies.append(done - due)
                else:
                    result.refusals.append(done - sent)

    _run([sender] * min(connections, count))
    result.seconds = time.perf_counter() - start
    return result
