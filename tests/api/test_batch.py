"""POST /v1/classify/batch: several pictures and one set of prompts, as one answer or line by line."""

import base64
import concurrent.futures
import json
import signal
import socket

import pytest
import requests
from service import base64_photo, photo, read_answer

PROMPTS = ["a photo of a cat", "a photo of a cup of coffee", "a photo of a rocket"]
NAMES = ["photo_cat.png", "photo_coffee.jpg", "photo_rocket.jpg"]
LINES = {"Accept": "application/x-ndjson"}
IDENTITY = {"model", "model_fingerprint", "backend"}


def batch(service, pictures, **fields):
    return service.post("/v1/classify/batch", json={"images": pictures, "prompts": PROMPTS, **fields})


def raw_request(pictures, prompts=PROMPTS, version="1.1", **fields):
    body = json.dumps({"images": pictures, "prompts": prompts, **fields}).encode()
    lines = [f"POST /v1/classify/batch HTTP/{version}", "Host: pi", "Content-Type: application/json",
             f"Content-Length: {len(body)}", "Accept: application/x-ndjson"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def read_chunks(file):
    """The chunks of a body, each as it comes."""
    while (size := int(file.readline(), 16)) > 0:
        yield file.read(size)
        file.readline()
    file.readline()


def strip(result):
    """What must not depend on what shared a batch or a cache."""
    return [entry["text"] for entry in result["classifications"]], result["none_of_these"]


def test_results_stand_in_the_order_of_the_pictures_and_equal_single_answers(service):
    names = NAMES * 6
    body = batch(service, [base64_photo(name) for name in names]).json()
    assert [result["index"] for result in body["results"]] == list(range(18))
    assert body["count"] == 18 and body["failed"] == 0 and body["inference_time_ms"] > 0 and IDENTITY <= body.keys()
    for name, result in zip(names, body["results"]):
        single = service.post("/v1/classify", json={"image": base64_photo(name), "prompts": PROMPTS}).json()
        assert strip(result) == strip(single)
        assert result["classifications"][0]["score"] == pytest.approx(single["classifications"][0]["score"], abs=1e-4)
        assert result.keys() - {"index"} == single.keys() - IDENTITY - {"inference_time_ms"}


def test_the_fields_of_classify_hold_for_every_picture(service):
    body = batch(service, [base64_photo(name) for name in NAMES], top_k=1, reject_below=0.99, templates="photo").json()
    for index, result in enumerate(body["results"]):
        assert len(result["classifications"]) == 1 and result["none_of_these"] is True
        assert result["classifications"][0]["text"] == PROMPTS[index]


def test_a_form_with_several_files(service):
    files = [("image", (name, photo(name))) for name in NAMES]
    answer = service.post("/v1/classify/batch", files=files, data={"prompts": PROMPTS})
    assert [result["classifications"][0]["text"] for result in answer.json()["results"]] == PROMPTS


@pytest.mark.parametrize("headers", [{}, LINES])
def test_a_bad_picture_fails_alone(service, headers):
    bad = base64.b64encode(b"no picture").decode()
    cut = base64.b64encode(photo("photo_coffee.jpg")[:2000]).decode()
    pictures = [base64_photo(NAMES[0]), bad, "*", cut, "http://pi/a.jpg", base64_photo(NAMES[2])]
    answer = service.post("/v1/classify/batch", json={"images": pictures, "prompts": PROMPTS}, headers=headers)
    assert answer.status_code == 200
    if headers:
        *results, summary = [json.loads(line) for line in answer.text.splitlines()]
        results.sort(key=lambda result: result["index"])
    else:
        summary = answer.json()
        results = summary["results"]
    assert summary["count"] == 6 and summary["failed"] == 4
    assert ["error" in result for result in results] == [False, True, True, True, True, False]
    assert results[1]["error"].startswith("Failed to decode image: ")
    assert "images[2]" in results[2]["error"] and "URL" in results[4]["error"]
    assert strip(results[5])[0][0] == PROMPTS[2]


def test_all_pictures_bad_is_still_an_answer(service):
    body = batch(service, ["*", "*"]).json()
    assert body["failed"] == 2 and all("error" in result for result in body["results"])


@pytest.mark.parametrize("fields, status, words", [
    ({"prompts": PROMPTS}, 400, "images"),
    ({"images": [], "prompts": PROMPTS}, 400, "images"),
    ({"images": ["YQ=="] * 65, "prompts": PROMPTS}, 400, "64"),
    ({"images": ["YQ==", 3], "prompts": PROMPTS}, 400, "images"),
    ({"images": ["YQ=="]}, 400, "prompts"),
    ({"images": ["YQ=="], "prompts": PROMPTS, "model": "nobody"}, 422, "nobody"),
    ({"image": "YQ==", "prompts": PROMPTS}, 400, "images"),
    ({"imges": ["YQ=="], "prompts": PROMPTS}, 400, "images"),
])
@pytest.mark.parametrize("headers", [{}, LINES])
def test_a_bad_request_fails_as_a_whole(service, fields, status, words, headers):
    answer = service.post("/v1/classify/batch", json=fields, headers=headers)
    assert answer.status_code == status and words in answer.json()["error"]


def test_raw_pictures_are_not_taken(service):
    answer = service.post("/v1/classify/batch", data=photo(NAMES[0]), headers={"Content-Type": "image/png"})
    assert answer.status_code == 415


def test_lines_come_in_chunks_and_the_connection_is_kept(service):
    pictures = [base64_photo(name) for name in NAMES]
    with service.connect() as connection, connection.makefile("rb") as file:
        for _ in range(2):
            connection.sendall(raw_request(pictures))
            status, headers, _ = read_answer(file)
            assert status == 200 and headers["content-type"] == "application/x-ndjson"
            assert headers["transfer-encoding"] == "chunked" and "content-length" not in headers
            *results, last = [json.loads(line) for line in b"".join(read_chunks(file)).splitlines()]
            assert sorted(line["index"] for line in results) == [0, 1, 2]
            assert last["count"] == 3 and IDENTITY <= last.keys()


def test_http_1_0_gets_lines_until_the_end_of_the_connection(service):
    with service.connect() as connection, connection.makefile("rb") as file:
        connection.sendall(raw_request([base64_photo(name) for name in NAMES], version="1.0"))
        status, headers, _ = read_answer(file)
        assert status == 200 and headers["connection"] == "close" and "transfer-encoding" not in headers
        lines = [json.loads(line) for line in file.read().splitlines()]
    assert sorted(line["index"] for line in lines[:-1]) == [0, 1, 2] and lines[-1]["failed"] == 0


# Each line repeats every prompt: 16 MB for 32 small pictures, more than the buffers on the way hold, so that the request
# cannot be done while its client has read little.
LONG_PROMPTS = [f"{i}" + " " * 2000 for i in range(250)]


def connect_with_a_small_buffer(service):
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", service.port))
    return connection


def test_lines_arrive_before_the_last_is_done_and_a_client_may_leave_then(start, cat):
    service = start()
    with connect_with_a_small_buffer(service) as connection, connection.makefile("rb") as file:
        connection.sendall(raw_request([cat] * 32, LONG_PROMPTS, top_k=250))
        assert read_answer(file)[0] == 200
        file.readline()  # a chunk's size
        assert "index" in json.loads(file.readline())
    service.wait_for_log_line(lambda line: line.get("path") == "/v1/classify/batch" and line["status"] == 499)
    assert not [line for line in service.log_lines() if line["level"] == "ERROR"]
    assert batch(service, [cat]).status_code == 200


def test_a_slow_reader_is_cut(start, cat):
    service = start(server={"write_timeout_s": 1})
    with connect_with_a_small_buffer(service) as connection:
        connection.sendall(raw_request([cat] * 32, LONG_PROMPTS, top_k=250))
        service.wait_for_log_line(lambda line: line.get("status") == 499)
    assert batch(service, [cat]).status_code == 200


def test_the_deadline_is_said_in_the_last_line(start, cat):
    """Clients that do not read hold all places until the deadline; what they read then ends with the reason."""
    service = start(performance={"request_timeout": 2, "worker_threads": 1, "max_queue_size": 1})
    with connect_with_a_small_buffer(service) as one, connect_with_a_small_buffer(service) as two, \
            one.makefile("rb") as file, two.makefile("rb") as other_file:
        for connection in (one, two):
            connection.sendall(raw_request([cat] * 32, LONG_PROMPTS, top_k=250))
        status, _, body = read_answer(file)
        read_answer(other_file)
        service.wait_until(lambda: service.post("/v1/embed/text", json={"text": "a"}).status_code, lambda s: s == 200)
        last = json.loads(b"".join(read_chunks(file)).splitlines()[-1]) if status == 200 else json.loads(body)
    assert status in (200, 504), "504: a slow machine did not begin to answer in time"
    assert "request" in last["error"]


def test_sigterm_lets_a_stream_finish(start, cat):
    service = start()
    with service.connect() as connection, connection.makefile("rb") as file:
        connection.sendall(raw_request([cat] * 64))
        assert read_answer(file)[0] == 200
        service.process.send_signal(signal.SIGTERM)
        lines = [json.loads(line) for line in b"".join(read_chunks(file)).splitlines()]
    assert len(lines) == 65 and lines[-1]["failed"] == 0
    assert service.process.wait(timeout=30) == 0


def test_several_batches_at_once(service):
    def one():
        return requests.post(service.url + "/v1/classify/batch", timeout=120, headers=LINES,
                             json={"images": [base64_photo(name) for name in NAMES] * 4, "prompts": PROMPTS})

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for answer in [future.result() for future in [pool.submit(one) for _ in range(4)]]:
            *results, summary = [json.loads(line) for line in answer.text.splitlines()]
            assert summary["count"] == len(results) == 12 and summary["failed"] == 0
            for result in results:
                assert result["classifications"][0]["text"] == PROMPTS[result["index"] % 3]
