"""HTTP as real and rude clients speak it."""

import json
import socket
import struct
import time
import zlib

from service import photo, read_answer


def request(method, path, body=b"", *fields):
    lines = [f"{method} {path} HTTP/1.1", "Host: pi", *fields]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


EMBED = request("POST", "/v1/embed/text", b'{"text": "a cat"}')


def test_keep_alive_pipelining_and_head(service):
    with service.connect() as connection, connection.makefile("rb") as file:
        connection.sendall(EMBED + request("GET", "/health") + EMBED)
        bodies = [read_answer(file) for _ in range(3)]
        assert [status for status, _, _ in bodies] == [200, 200, 200]
        assert "embedding" in json.loads(bodies[2][2]) and "status" in json.loads(bodies[1][2])
        connection.sendall(request("HEAD", "/health") + request("GET", "/nothing"))
        line = file.readline()
        while file.readline().strip():
            pass
        assert b"200" in line
        assert read_answer(file)[0] == 404, "HEAD had no body"


def test_chunked_bodies(service):
    chunks = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in (b'{"text": ', b'"a cat"', b"}"))
    head = request("POST", "/v1/embed/text", b"", "Content-Type: application/json", "Transfer-Encoding: chunked")
    with service.connect() as connection, connection.makefile("rb") as file:
        connection.sendall(head + chunks + b"0\r\n\r\n")
        assert read_answer(file)[0] == 200


def test_expect_continue(service):
    body = b'{"text": "a cat"}'
    head = EMBED.removesuffix(body).replace(b"Host: pi", b"Host: pi\r\nExpect: 100-continue")
    with service.connect() as connection, connection.makefile("rb") as file:
        connection.sendall(head)
        assert read_answer(file)[0] == 100
        connection.sendall(body)
        assert read_answer(file)[0] == 200


def test_a_body_over_the_limit_is_answered_not_reset(start):
    service = start(server={"max_body_bytes": 1_000_000})
    answer = service.post("/v1/classify", data=b"x" * 20_000_000, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert "1000000 bytes" in answer.json()["error"] and "server.max_body_bytes" in answer.json()["error"]


def test_slow_clients_are_ended(start):
    service = start(server={"header_timeout_s": 1, "body_timeout_s": 1, "idle_timeout_s": 1})
    with service.connect() as slow_header, service.connect() as slow_body, service.connect() as silent:
        slow_header.sendall(b"GET /health HT")
        slow_body.sendall(EMBED[:-5])
        for connection, status in ((slow_header, 408), (slow_body, 408), (silent, 0)):
            with connection.makefile("rb") as file:
                assert read_answer(file)[0] == status
                assert file.read() == b""
    assert service.get("/health").status_code == 200


def test_one_byte_at_a_time(service):
    with service.connect() as connection, connection.makefile("rb") as file:
        for byte in EMBED:
            connection.sendall(bytes([byte]))
        assert read_answer(file)[0] == 200


def test_clients_that_leave_do_no_harm(service):
    body = json.dumps({"texts": [f"leaving {i}" for i in range(2000)]}).encode()
    for reset in (False, True):
        for cut in (10, 150, None):
            connection = service.connect()
            connection.sendall(request("POST", "/v1/embed/text", body)[:cut])
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
    service.wait_for_log_line(lambda line: line.get("status") == 499, count=2)
    assert not [line for line in service.log_lines() if line["level"] == "ERROR"]
    assert service.get("/health").status_code == 200


def test_connections_over_the_limit_are_told(start):
    service = start(server={"max_connections": 4})
    kept = [service.connect() for _ in range(4)]
    for connection in kept:
        connection.sendall(request("GET", "/health"))
        assert b"200" in connection.recv(100)
    with service.connect() as extra, extra.makefile("rb") as file:
        extra.sendall(request("GET", "/health"))
        status, headers, body = read_answer(file)
        assert status == 503 and headers["retry-after"] == "1" and b"max_connections" in body
    for connection in kept:
        connection.close()


def test_a_bomb_header_is_refused_before_decoding(service):
    """A picture that says it is 60000 x 60000 is over the pixel limit."""
    png = bytearray(photo("photo_cat.png"))
    png[16:24] = struct.pack(">II", 60000, 60000)
    png[29:33] = struct.pack(">I", zlib.crc32(bytes(png[12:29])))
    begun = time.monotonic()
    answer = service.post("/v1/embed/image", data=bytes(png), headers={"Content-Type": "image/png"})
    assert answer.status_code == 413 and "pixel" in answer.json()["error"]
    assert time.monotonic() - begun < 5
