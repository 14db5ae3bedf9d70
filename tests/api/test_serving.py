"""Caches, single flight, ETags, priorities, metrics and the simulated device."""

import concurrent.futures
import io
import json
import re

import pytest
from PIL import Image
from service import photo, read_answer

JPEG = {"Content-Type": "image/jpeg"}


def lookups(service, cache):
    """How often a cache was asked, by result."""
    samples = service.get("/v1/stats").json()["hailo_clip_cache_lookups_total"]
    return {sample["result"]: sample["value"] for sample in samples if sample["cache"] == cache}


def batches(service, encoder):
    """How many inputs an encoder has run (sum), in how many batches (count)."""
    samples = service.get("/v1/stats").json()["hailo_clip_batch_size"]
    return next(sample for sample in samples if sample["encoder"] == encoder)


def pictures(count):
    """JPEGs that differ."""
    for i in range(count):
        out = io.BytesIO()
        Image.new("RGB", (64, 48), (i * 7 % 256, i * 31 % 256, i * 101 % 256)).save(out, "JPEG")
        yield out.getvalue()


def test_a_picture_is_encoded_once_and_then_found(start):
    service = start()
    coffee = photo("photo_coffee.jpg")
    answers = [service.post("/v1/classify", data=coffee, params={"prompts": ["a cat", "coffee"]}, headers=JPEG).json()
               for _ in range(2)]
    assert [answer["cached"] for answer in answers] == [{"image": False, "prompts": 0}, {"image": True, "prompts": 2}]
    assert answers[0]["classifications"] == answers[1]["classifications"]
    assert lookups(service, "image") == {"hit": 1, "joined": 0, "miss": 1}


def test_no_store_neither_looks_up_nor_keeps(start):
    service = start()
    coffee = photo("photo_coffee.jpg")
    cold = {**JPEG, "Cache-Control": "max-age=0, No-Store"}
    for _ in range(2):
        answer = service.post("/v1/classify", data=coffee, params={"prompts": ["a", "b"]}, headers=cold).json()
        assert answer["cached"] == {"image": False, "prompts": 0}
    warm = service.post("/v1/classify", data=coffee, params={"prompts": ["a", "b"]}, headers=JPEG).json()
    assert warm["cached"] == {"image": False, "prompts": 0}


def test_the_picture_cache_keeps_to_its_bytes(start):
    service = start(image={"cache_max_bytes": 20_000})
    for jpeg in pictures(20):
        assert service.post("/v1/embed/image", data=jpeg, headers=JPEG).status_code == 200
    stats = service.get("/v1/stats").json()
    size = {sample["cache"]: sample["value"] for sample in stats["hailo_clip_cache_bytes"]}["image"]
    assert 2_000 < size <= 20_000


def test_what_many_ask_at_once_is_encoded_once(start):
    service = start(performance={"max_queue_size": 62})
    coffee = photo("photo_coffee.jpg")
    texts = {"texts": [f"a text that many ask for, number {i}" for i in range(20)]}

    def one(i):
        if i % 2:
            return service.post("/v1/embed/image", data=coffee, headers=JPEG).json()["embedding"]
        return service.post("/v1/embed/text", json=texts).json()["embeddings"]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(one, range(16)))
    assert all(answer == answers[i % 2] for i, answer in enumerate(answers))
    image, text = lookups(service, "image"), lookups(service, "text")
    assert image["miss"] == 1 and sum(image.values()) == 8
    assert text["miss"] == 20 and sum(text.values()) == 160


def test_an_embedding_that_the_client_has_is_304(service):
    coffee = photo("photo_coffee.jpg")
    first = service.post("/v1/embed/image", data=coffee, headers=JPEG)
    tag = first.headers["ETag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
    again = service.post("/v1/embed/image", data=coffee, headers={**JPEG, "If-None-Match": f'"other", {tag}'})
    assert again.status_code == 304 and again.content == b"" and again.headers["ETag"] == tag
    other = service.post("/v1/embed/text", json={"text": "coffee"}, headers={"If-None-Match": tag})
    assert other.status_code == 200 and other.headers["ETag"] != tag


def test_a_304_leaves_the_connection_usable(service):
    body = json.dumps({"text": "coffee"})
    head = (f"POST /v1/embed/text HTTP/1.1\r\nHost: pi\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nIf-None-Match: *\r\n\r\n")
    with service.connect() as connection, connection.makefile("rb") as file:
        for _ in range(2):
            connection.sendall((head + body).encode())
            status, headers, _ = read_answer(file)
            assert status == 304 and "content-length" not in headers


@pytest.mark.parametrize("priority", ["interactive", "bulk"])
def test_priorities_are_taken(service, priority):
    answer = service.post("/v1/embed/text", json={"text": "x", "priority": priority})
    assert answer.status_code == 200


def test_another_priority_is_refused(service):
    answer = service.post("/v1/embed/text", json={"text": "x", "priority": "urgent"})
    assert answer.status_code == 400 and "priority" in answer.json()["error"]


def test_metrics_are_what_prometheus_reads(start):
    service = start()
    assert service.post("/v1/embed/text", json={"text": "x"}).status_code == 200
    assert service.post("/v1/embed/text", json={"text": 5}).status_code == 400
    assert service.get("/no/such/path").status_code == 404

    def scrape():
        return service.get("/metrics")

    # A request is counted right after its answer was written.
    answer = service.wait_until(scrape, lambda a: 'route="none",status="404"' in a.text)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert 'hailo_clip_http_requests_total{route="/v1/embed/text",status="200"} 1' in lines
    assert 'hailo_clip_http_requests_total{route="/v1/embed/text",status="400"} 1' in lines
    assert "hailo_clip_ready 1" in lines
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert float(values["hailo_clip_memory_resident_bytes"]) > 1e6
    assert float(values['hailo_clip_device_busy_seconds_total{encoder="text",model="starter"}']) > 0
    assert float(values['hailo_clip_batch_size_count{encoder="text",model="starter"}']) >= 1
    for line in lines:
        assert re.fullmatch(r"# (HELP|TYPE) hailo_clip_.+|hailo_clip_[a-z_]+(\{.*\})? \S+", line), line


def test_statistics_have_the_same_for_people(service):
    service.post("/v1/embed/image", data=photo("photo_coffee.jpg"), headers=JPEG)
    stats = service.get("/v1/stats").json()
    stages = {sample["stage"]: sample for sample in stats["hailo_clip_stage_seconds"]}
    assert {"parse", "decode", "encode_image"} <= stages.keys()
    decode = stages["decode"]
    assert decode["count"] >= 1 and 0 < decode["p50"] <= decode["p99"]
    assert stats["hailo_clip_model_info"][0]["model"] == "starter"


def test_a_simulated_device_says_so_everywhere(start):
    service = start(clip={"backend": "simulated"})
    health = service.get("/health").json()
    assert health["backend"] == "simulated" and "made up" in health["simulated"]
    cat = photo("photo_cat.png")
    answer = service.post("/v1/classify", data=cat, params={"prompts": ["a cat", "a dog"]},
                          headers={"Content-Type": "image/png"}).json()
    assert answer["backend"] == "simulated" and "made up" in answer["simulated"]
    embedding = service.post("/v1/embed/text", json={"text": "a cat"}).json()
    assert embedding["simulated"] and sum(x * x for x in embedding["embedding"]) == pytest.approx(1, abs=1e-5)
    warning = service.wait_for_log_line(lambda line: line["level"] == "WARNING" and "simulated" in line["message"])
    assert warning["device"] == "clip_vit_b_32"


def test_a_simulated_device_forms_batches_of_those_who_wait(start):
    service = start(clip={"backend": "simulated"})
    before = batches(service, "text")
    # The texts of one request come to the queue together: however slow the host is, they are waiting.
    answer = service.post("/v1/embed/text", json={"texts": [f"a number {i}" for i in range(64)]})
    assert answer.status_code == 200
    after = batches(service, "text")
    assert after["sum"] - before["sum"] == 64 and after["count"] - before["count"] < 16
