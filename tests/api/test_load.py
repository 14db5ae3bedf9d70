"""Many clients at once, overload, and stopping under load."""

import base64
import concurrent.futures
import json
import signal
import threading
import time

import pytest
import requests
from service import SANITIZED, photo, read_answer

# Measured with the starter on two threads: what 32 photos of 12 MP may cost at their peak, over the idle memory.
LARGE_UPLOADS_PEAK_MIB = 400


def test_mixed_load_is_answered_right(service, cat):
    coffee = photo("photo_coffee.jpg")
    expected = {
        "cat": service.post("/v1/classify", json={"image": cat, "prompts": ["a cat", "coffee"]}).json(),
        "coffee": service.post("/v1/classify", data=coffee, params={"prompts": ["a cat", "coffee"]},
                               headers={"Content-Type": "image/jpeg"}).json(),
    }

    def one(i):
        session = requests.Session()
        kind = i % 6
        if kind == 0:
            answer = session.post(service.url + "/v1/classify", json={"image": cat, "prompts": ["a cat", "coffee"]})
            same_scores(answer.json(), expected["cat"])
        elif kind == 1:
            answer = session.post(service.url + "/v1/classify", data=coffee, params={"prompts": ["a cat", "coffee"]},
                                  headers={"Content-Type": "image/jpeg"})
            same_scores(answer.json(), expected["coffee"])
        elif kind == 2:
            answer = session.post(service.url + "/v1/embed/text", json={"texts": [f"text {i} {k}" for k in range(20)]})
            assert len(answer.json()["embeddings"]) == 20
        elif kind == 3:
            answer = session.post(service.url + "/v1/embeddings", json={"input": f"text {i}"})
            assert len(answer.json()["data"]) == 1
        elif kind == 4:
            answer = session.get(service.url + "/health")
        else:
            assert session.post(service.url + "/v1/classify", json={"image": "!", "prompts": []}).status_code == 400
            return
        assert answer.status_code == 200, answer.text

    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        list(pool.map(one, range(120 if SANITIZED else 480)))


def same_scores(body, expected):
    for got, wanted in zip(body["classifications"], expected["classifications"], strict=True):
        assert got["text"] == wanted["text"]
        assert got["similarity"] == pytest.approx(wanted["similarity"], abs=1e-4)


def test_a_full_queue_is_429_and_health_still_answers(start):
    service = start(performance={"worker_threads": 1, "max_queue_size": 1, "request_timeout": 120})
    count = 300 if SANITIZED else 2000  # long enough to be in the way of the others, not too long to be answered
    texts = {"texts": [f"an uncached text number {i} with some words" for i in range(count)]}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(service.post, "/v1/embed/text", json=texts) for _ in range(8)]
        health = [service.get("/health").status_code for _ in range(5)]
        answers = [answer.result() for answer in answers]
    statuses = sorted(answer.status_code for answer in answers)
    assert health == [200] * 5
    assert set(statuses) == {200, 429}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["Retry-After"]) >= 1 and "max_queue_size" in refused.json()["error"]


def test_a_request_over_its_time_is_504(start):
    service = start(performance={"request_timeout": 1, "max_queue_size": 30})
    texts = {"texts": [f"word {i} " * 60 for i in range(2048)]}
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        statuses = {answer.status_code for answer in pool.map(lambda _: service.post("/v1/embed/text", json=texts),
                                                              range(6))}
    assert 504 in statuses and statuses <= {200, 504, 429}
    assert time.monotonic() - begun < 20
    assert service.get("/health").status_code == 200


@pytest.mark.skipif(SANITIZED, reason="its figures mean nothing in a sanitizer build, which is too slow for it")
def test_32_large_uploads_stay_within_their_memory(start, large_jpeg):
    service = start(performance={"max_queue_size": 30})
    service.post("/v1/classify", data=large_jpeg, params={"prompts": ["a"]}, headers={"Content-Type": "image/jpeg"})
    idle = service.memory_kib("VmRSS") / 1024
    body = {"image": base64.b64encode(large_jpeg).decode(), "prompts": ["noise", "a cat"]}
    cold = {"Cache-Control": "no-store"}  # else one is decoded for all

    def one(i):
        if i % 2:
            return service.post("/v1/classify", json=body, headers=cold)
        return service.post("/v1/classify", data=large_jpeg, params={"prompts": ["noise", "a cat"]},
                            headers={"Content-Type": "image/jpeg", **cold})

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        statuses = [answer.status_code for answer in pool.map(one, range(32))]
    peak = service.memory_kib("VmHWM") / 1024
    print(f"\n32 uploads of {len(large_jpeg) / 2**20:.1f} MiB (12 MP): idle {idle:.0f} MiB, peak {peak:.0f} MiB, "
          f"after {service.memory_kib('VmRSS') / 1024:.0f} MiB")
    assert statuses == [200] * 32
    if not SANITIZED:
        assert peak - idle < LARGE_UPLOADS_PEAK_MIB


@pytest.mark.parametrize("keep_alive", [True, False])
def test_sigterm_under_load_loses_no_request(start, keep_alive):
    """Every request is answered, or refused before it could be sent; no connection is reset."""
    service = start(performance={"max_queue_size": 62})
    answered, refused, lost = [], [], []
    warm = threading.Barrier(13)

    def hammer():
        session = requests.Session()
        asked = 0
        while True:
            try:
                headers = {} if keep_alive else {"Connection": "close"}
                answer = session.post(service.url + "/v1/embed/text", json={"text": "a cat"}, headers=headers, timeout=60)
                answered.append(answer.status_code)
            except requests.ConnectionError as error:
                (refused if "Connection refused" in str(error) else lost).append(str(error))
                return
            asked += 1
            if asked == 20:
                warm.wait()

    threads = [threading.Thread(target=hammer) for _ in range(12)]
    for thread in threads:
        thread.start()
    warm.wait()
    begun = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join()
    assert service.process.wait(timeout=30) == 0
    print(f"\n{len(answered)} answered, {len(refused)} refused at connect, {len(lost)} lost; "
          f"stopped within {time.monotonic() - begun:.2f} s")
    assert lost == []
    assert set(answered) == {200} and len(refused) == 12


def test_sigterm_lets_a_long_request_finish(start):
    service = start()
    body = json.dumps({"texts": [f"a long request, text {i}" for i in range(2048)]}).encode()
    head = f"POST /v1/embed/text HTTP/1.1\r\nHost: pi\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    with service.connect() as connection, connection.makefile("rb") as file:
        connection.sendall(head.encode() + b"\r\n\r\n" + body[:-1])
        service.process.send_signal(signal.SIGTERM)
        service.wait_for_log_line(lambda line: line["message"] == "stopping")
        connection.sendall(body[-1:])
        status, headers, answer = read_answer(file)
    assert status == 200 and headers["connection"] == "close"
    assert len(json.loads(answer)["embeddings"]) == 2048
    assert service.process.wait(timeout=30) == 0
