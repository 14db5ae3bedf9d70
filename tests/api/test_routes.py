"""Every route of the service's own API, its statuses and its limits."""

import base64
import json

import numpy
import pytest
import requests
from service import IMAGES, base64_photo, photo

PROMPTS = ["a photo of a cat", "a photo of a cup of coffee", "a photo of a rocket", "a photo of a dog"]


def test_health_names_the_model_and_its_self_test(service):
    answer = service.get("/health")
    body = answer.json()
    assert answer.status_code == 200
    assert body["status"] == "healthy" and body["service"] == "hailo-clip" and body["model_loaded"] is True
    assert body["model_fingerprint"].startswith("sha256:") and len(body["model_fingerprint"]) == 7 + 16
    assert body["self_test"]["passed"] is True and body["self_test"]["min_cosine"] >= 0.999
    assert body["uptime_s"] > 0 and body["version"] and body["backend"]
    for path in ("/health/live", "/health/ready"):
        assert service.get(path).status_code == 200
        assert service.get(path).json().keys() == body.keys()


@pytest.mark.parametrize(
    "name, best", [("photo_cat.png", 0), ("photo_coffee.jpg", 1), ("photo_rocket.jpg", 2)]
)
def test_classify_finds_what_is_in_the_photo(service, name, best):
    body = service.post("/v1/classify", json={"image": base64_photo(name), "prompts": PROMPTS, "top_k": 4}).json()
    ranked = body["classifications"]
    assert ranked[0]["text"] == PROMPTS[best]
    assert [entry["rank"] for entry in ranked] == [1, 2, 3, 4]
    scores = [entry["score"] for entry in ranked]
    assert scores == sorted(scores, reverse=True) and abs(sum(scores) - 1) < 1e-5
    assert body["margin"] == pytest.approx(scores[0] - scores[1], abs=1e-6)
    assert body["none_of_these"] is False and body["inference_time_ms"] > 0
    assert set(body["cached"]) == {"image", "prompts"} and "truncated" not in body
    assert {"model", "model_fingerprint", "backend"} <= body.keys()


def test_every_way_to_send_a_picture_gives_the_same_scores(service):
    data = photo("photo_coffee.jpg")
    plain = base64.b64encode(data).decode()
    broken_lines = "\r\n".join(plain[i : i + 76] for i in range(0, len(plain), 76))
    url_safe = base64.urlsafe_b64encode(data).decode().rstrip("=")
    answers = [
        service.post("/v1/classify", json={"image": text, "prompts": PROMPTS})
        for text in (plain, broken_lines, url_safe, "data:image/jpeg;base64," + plain)
    ]
    files = {"image": ("a.jpg", data, "image/jpeg")}
    answers.append(service.post("/v1/classify", files=files, data={"prompts": PROMPTS}))
    answers.append(service.post("/v1/classify", files=files, data={"prompts": json.dumps(PROMPTS)}))
    for kind in ("image/jpeg", "application/octet-stream"):
        answers.append(
            service.post("/v1/classify", data=data, params={"prompts": PROMPTS}, headers={"Content-Type": kind})
        )
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert answer.json()["classifications"] == answers[0].json()["classifications"]


def test_top_k_and_threshold_cut_the_answer(service, cat):
    def count(**fields):
        answer = service.post("/v1/classify", json={"image": cat, "prompts": PROMPTS, **fields})
        return len(answer.json()["classifications"])

    assert count() == 3
    assert count(top_k=1) == 1
    assert count(top_k=10**12) == 4
    assert count(top_k=4, threshold=1.0) == 0
    assert count(top_k=4, threshold=0.0) == 4


def test_one_prompt_is_scored_by_its_cosine(service, cat):
    body = service.post("/v1/classify", json={"image": cat, "prompts": PROMPTS[:1]}).json()
    only = body["classifications"][0]
    assert only["score"] == only["similarity"] and -1 <= only["score"] < 0.999
    assert body["margin"] is None


def test_duplicates_are_answered_once_each_with_equal_scores(service, cat):
    body = service.post("/v1/classify", json={"image": cat, "prompts": ["a cat", "a dog", "a cat"]}).json()
    texts = [entry["text"] for entry in body["classifications"]]
    assert texts == ["a cat", "a cat", "a dog"]
    assert body["classifications"][0]["score"] == body["classifications"][1]["score"]


def test_reject_below_says_none_of_these(service, cat):
    request = {"image": cat, "prompts": PROMPTS, "reject_below": 1.0}
    assert service.post("/v1/classify", json=request).json()["none_of_these"] is True
    request["reject_below"] = -1.0
    assert service.post("/v1/classify", json=request).json()["none_of_these"] is False


def test_templates_change_the_scores_and_cut_prompts_are_named(service, cat):
    plain = service.post("/v1/classify", json={"image": cat, "prompts": ["cat", "dog"]}).json()
    photo_templates = service.post(
        "/v1/classify", json={"image": cat, "prompts": ["cat", "dog"], "templates": "photo"}
    ).json()
    own = service.post(
        "/v1/classify", json={"image": cat, "prompts": ["cat", "dog"], "templates": ["{}"]}
    ).json()
    assert photo_templates["classifications"][0]["text"] == "cat"
    assert photo_templates["classifications"] != plain["classifications"]
    assert own["classifications"][0]["similarity"] == pytest.approx(plain["classifications"][0]["similarity"], abs=1e-6)
    long = service.post("/v1/classify", json={"image": cat, "prompts": ["cat", "word " * 400]}).json()
    assert long["truncated"] == [1]


def test_known_prompts_come_from_the_cache(service, cat):
    prompts = [f"a cached prompt {i}" for i in range(5)]
    first = service.post("/v1/classify", json={"image": cat, "prompts": prompts}).json()
    second = service.post("/v1/classify", json={"image": cat, "prompts": prompts}).json()
    assert (first["cached"]["prompts"], second["cached"]["prompts"]) == (0, 5)
    assert first["classifications"] == second["classifications"]


def test_a_thousand_prompts_fit(service, cat):
    prompts = [f"thing number {i}" for i in range(1000)]
    body = service.post("/v1/classify", json={"image": cat, "prompts": prompts, "top_k": 1000}).json()
    assert len(body["classifications"]) == 1000


def test_embeddings_have_unit_length_and_agree_with_classify(service, cat):
    def embed(path, **fields):
        body = service.post(path, json=fields).json()
        assert body["dimension"] == len(body["embedding"])
        vector = numpy.array(body["embedding"])
        assert numpy.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
        return vector

    cosine = embed("/v1/embed/image", image=cat) @ embed("/v1/embed/text", text="a cat")
    body = service.post("/v1/classify", json={"image": cat, "prompts": ["a cat"]}).json()
    assert body["classifications"][0]["similarity"] == pytest.approx(cosine, abs=1e-5)


def test_lists_are_answered_in_order(service):
    names = ["photo_cat.png", "photo_coffee.jpg"]
    many = service.post("/v1/embed/image", json={"images": [base64_photo(name) for name in names]}).json()
    for name, embedding in zip(names, many["embeddings"], strict=True):
        one = service.post("/v1/embed/image", json={"image": base64_photo(name)}).json()["embedding"]
        assert numpy.dot(one, embedding) > 0.9999
    files = [("images", (name, photo(name))) for name in names]
    form = service.post("/v1/embed/image", files=files).json()
    assert len(form["embeddings"]) == 2
    texts = [f"text {i}" for i in range(2048)]
    answer = service.post("/v1/embed/text", json={"texts": texts}).json()
    assert len(answer["embeddings"]) == 2048


def test_one_bad_member_fails_the_request_and_is_named(service, cat):
    bad = base64.b64encode(b"no picture").decode()
    answer = service.post("/v1/embed/image", json={"images": [cat, bad]})
    assert answer.status_code in (400, 415)
    assert "images[1]" in answer.json()["error"]
    answer = service.post("/v1/embed/text", json={"texts": ["a", " "]})
    assert answer.status_code == 400 and "texts[1]" in answer.json()["error"]


# Flawed, but every pixel is there (or the format cannot tell that one is wrong): these are answered.
READABLE = {"jpeg_corrupt_scan.jpg", "jpeg_cut_no_end_marker.jpg", "png_bomb_icc.png"}
BAD = sorted(path.name for path in (IMAGES / "bad").iterdir() if path.suffix != ".md")


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_are_clear_errors(service, name):
    """Never a 500, a hang or a crash; a picture that is damaged is not classified as something grey."""
    answer = service.post("/v1/embed/image", data=(IMAGES / "bad" / name).read_bytes(),
                          headers={"Content-Type": "application/octet-stream"})
    if name in READABLE:
        assert answer.status_code == 200
        return
    assert answer.status_code in (400, 413, 415), (name, answer.text)
    assert "Failed to decode image" in answer.json()["error"]


def test_unsupported_formats_are_415_and_list_those_that_are(service):
    answer = service.post("/v1/embed/image", data=photo("bmp_rgb.bmp"), headers={"Content-Type": "image/bmp"})
    assert answer.status_code == 415
    assert "jpeg" in answer.json()["error"].lower()


def test_unknown_routes_methods_and_models(service, cat):
    missing = service.get("/nothing")
    assert missing.status_code == 404 and "Endpoint not found" in missing.json()["error"]
    wrong = service.get("/v1/classify")
    assert wrong.status_code == 405 and wrong.headers["Allow"] == "POST"
    assert service.post("/health").headers["Allow"] == "GET, HEAD"
    unknown = service.post("/v1/classify", json={"image": cat, "prompts": ["a"], "model": "other"})
    assert unknown.status_code == 422 and "'other'" in unknown.json()["error"]


def test_request_ids_are_echoed_or_made(service):
    assert service.get("/health", headers={"X-Request-Id": "my id 1"}).headers["X-Request-Id"] == "my id 1"
    made = {service.get("/health").headers["X-Request-Id"] for _ in range(3)}
    assert len(made) == 3


def test_pages_of_other_sites_are_refused(service):
    host = f"127.0.0.1:{service.port}"
    allowed = service.get("/health", headers={"Origin": f"http://{host}"})
    assert allowed.status_code == 200
    for origin, host_header in (("https://evil.example", host), ("null", host), ("http://127.0.0.1:1", host),
                                ("http://evil.example", "evil.example")):
        answer = service.get("/health", headers={"Origin": origin, "Host": host_header})
        assert answer.status_code == 403, (origin, host_header)
    assert service.get("/health", headers={"Host": "evil.example"}).status_code == 200


def test_listed_origins_may_call_with_a_preflight(start):
    service = start(server={"allowed_origins": ["https://app.example"]})
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    preflight = requests.options(service.url + "/v1/classify", headers=headers, timeout=10)
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert service.get("/health", headers=headers).headers["Access-Control-Allow-Origin"] == "https://app.example"


def test_what_users_send_is_not_logged(service, cat):
    service.post("/v1/classify", json={"image": cat, "prompts": ["a very private prompt"]})
    service.post("/v1/classify", data=photo("photo_cat.png"), params={"prompts": "another private prompt"},
                 headers={"Content-Type": "image/png", "X-Request-Id": "log-test"})
    request = service.wait_for_log_line(lambda line: line.get("request_id") == "log-test")
    assert request["message"] == "request" and request["path"] == "/v1/classify" and request["status"] == 200
    assert request["bytes_in"] == len(photo("photo_cat.png")) and request["ms"] > 0
    assert "private" not in service.log.read_text() and "iVBORw" not in service.log.read_text()
