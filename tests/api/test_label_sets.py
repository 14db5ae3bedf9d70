"""Label sets: their life over HTTP, and classifying with them."""
import concurrent.futures

import pytest
import requests
from service import ROOT, photo, start_service, stop_service

LABELS = ["a cat", "a dog", "a cup of coffee", "a rocket", "a red bicycle"]


def put(service, name, /, **fields):
    return requests.put(f"{service.url}/v1/label-sets/{name}", json=fields, timeout=60)


def delete(service, name):
    return requests.delete(f"{service.url}/v1/label-sets/{name}", timeout=60)


def compiled(service, name):
    """The set as GET shows it once it is compiled."""
    return service.wait_until(lambda: service.get(f"/v1/label-sets/{name}").json(), lambda s: s["state"] == "compiled")


def classify(service, picture, **fields):
    return service.post("/v1/classify", json={"image": picture, **fields})


@pytest.fixture
def running(start):
    """A service of the test's own: each has an empty folder of label sets."""
    return start(performance={"max_queue_size": 62})


def test_a_set_lives_from_put_to_delete(running):
    made = put(running, "things", labels=LABELS, threshold=0.1)
    assert made.status_code == 201, made.text
    assert made.json()["count"] == 5 and made.json()["model"] == "starter" and not made.json()["shipped"]
    assert made.json()["state"] in ("compiling", "compiled")
    shown = compiled(running, "things")
    assert shown["labels"] == LABELS and shown["threshold"] == 0.1 and shown["model_fingerprint"].startswith("sha256:")
    listed = {one["name"]: one for one in running.get("/v1/label-sets").json()["label_sets"]}
    assert listed["things"]["count"] == 5 and "labels" not in listed["things"]
    assert put(running, "things", labels=["one"]).status_code == 200
    assert compiled(running, "things")["labels"] == ["one"]
    gone = delete(running, "things")
    assert gone.status_code == 204 and gone.content == b""
    assert running.get("/v1/label-sets/things").status_code == 404
    assert delete(running, "things").status_code == 404


def test_what_get_shows_can_be_put_again(running):
    put(running, "first", labels=["cat", "dog"], templates=["a {}.", "one {}"], descriptions={"dog": ["a puppy"]},
        reject_below=-0.5)
    shown = compiled(running, "first")
    assert put(running, "second", **shown).status_code == 201
    again = compiled(running, "second")
    assert {**again, "name": "first"} == shown


def test_it_answers_as_the_same_prompts_do(running, cat):
    templates = ["a photo of {}.", "a drawing of {}."]
    for name, more in (("plain", {}), ("templates", {"templates": templates}), ("photo", {"templates": "photo"})):
        put(running, name, labels=LABELS, **more)
        compiled(running, name)
        by_set = classify(running, cat, label_set=name, top_k=5).json()
        by_prompts = classify(running, cat, prompts=LABELS, top_k=5, **more).json()
        assert by_set["label_set"] == name and by_set["cached"]["prompts"] == 5
        assert [c["text"] for c in by_set["classifications"]] == [c["text"] for c in by_prompts["classifications"]]
        # Half precision moves a cosine by less than 1e-4; the starter's logit scale makes at most 1e-2 of that.
        for one, other in zip(by_set["classifications"], by_prompts["classifications"], strict=True):
            assert one["similarity"] == pytest.approx(other["similarity"], abs=2e-4)
            assert one["score"] == pytest.approx(other["score"], abs=1e-3)
        assert by_set["margin"] == pytest.approx(by_prompts["margin"], abs=1e-3)


def test_descriptions_stand_for_their_label(running, cat):
    put(running, "described", labels=["pet", "vehicle"],
        descriptions={"pet": ["a cat", "a dog"], "vehicle": ["a rocket", "a red bicycle"]})
    compiled(running, "described")
    best = classify(running, cat, label_set="described").json()["classifications"][0]
    assert best["text"] == "pet" and best["score"] > 0.5


def test_thresholds_of_the_set_are_defaults_and_requests_override_them(running, cat):
    put(running, "strict", labels=LABELS, threshold=0.9, reject_below=0.99)
    compiled(running, "strict")
    by_default = classify(running, cat, label_set="strict", top_k=5).json()
    assert [c["text"] for c in by_default["classifications"]] == ["a cat"] and by_default["none_of_these"]
    asked = classify(running, cat, label_set="strict", top_k=5, threshold=0, reject_below=-1).json()
    assert len(asked["classifications"]) == 5 and not asked["none_of_these"]


def test_forms_and_raw_bodies_name_a_set_too(running):
    put(running, "things", labels=LABELS)
    compiled(running, "things")
    picture = photo("photo_cat.png")
    form = running.post("/v1/classify", files={"image": ("c.png", picture)}, data={"label_set": "things", "top_k": "1"})
    raw = running.post("/v1/classify?label_set=things&top_k=1", data=picture, headers={"Content-Type": "image/png"})
    for answer in (form, raw):
        assert [c["text"] for c in answer.json()["classifications"]] == ["a cat"], answer.text


def test_answers_of_a_set_have_tags_that_follow_their_meaning(running, cat):
    put(running, "things", labels=LABELS)
    compiled(running, "things")
    path = "/v1/label-sets/things"
    shown = running.get(path).headers["ETag"]
    known = requests.get(running.url + path, headers={"If-None-Match": f'"x", W/{shown}'}, timeout=60)
    assert known.status_code == 304 and known.content == b"" and known.headers["ETag"] == shown

    def ask(tag="", **more):
        return running.post("/v1/classify", json={"image": cat, "label_set": "things", **more},
                            headers={"If-None-Match": tag})

    first = ask()
    tag = first.headers["ETag"]
    assert first.status_code == 200 and tag.startswith('W/"')
    again = ask(tag)  # its time, and that the picture is cached now, do not count
    assert again.status_code == 304 and again.content == b""
    assert ask(tag, top_k=1).status_code == 200
    assert put(running, "things", labels=[*LABELS, "a bowl of cat food"]).status_code == 200
    compiled(running, "things")
    assert ask(tag).status_code == 200 and running.get(path).headers["ETag"] != shown
    assert "ETag" not in classify(running, cat, prompts=LABELS).headers


def test_mistakes_are_named(running, cat):
    put(running, "things", labels=LABELS)
    unknown = classify(running, cat, label_set="thing")
    assert unknown.status_code == 422 and "there is no label set 'thing'; there are: " in unknown.json()["error"]
    assert "things" in unknown.json()["error"] and "weather" in unknown.json()["error"]
    both = classify(running, cat, label_set="things", prompts=["a"])
    assert both.status_code == 400 and "not both" in both.json()["error"]
    templates = classify(running, cat, label_set="things", templates="photo")
    assert templates.status_code == 400 and "templates" in templates.json()["error"]
    assert classify(running, cat, label_set="../things").status_code == 400
    neither = classify(running, cat)
    assert neither.status_code == 400 and "Missing or invalid 'prompts' array" in neither.json()["error"]


@pytest.mark.parametrize("name", ["..%2Fx", "%2e%2e%2fx", "A", "-a", "a.json", "x" * 65, "a%20b", "a%00b", "%C3%A4"])
def test_bad_names_are_refused(running, name):
    for answer in (put(running, name, labels=["a"]), running.get(f"/v1/label-sets/{name}"), delete(running, name)):
        assert answer.status_code == 400, answer.text
        assert "error" in answer.json()


def test_bad_sets_are_refused_and_change_nothing(running):
    put(running, "things", labels=LABELS)
    for fields, message in (
        ({"labels": []}, "1 to 100000 labels"),
        ({"labels": [f"label {i}" for i in range(100_001)]}, "more than 100000"),
        ({"labels": ["a", "a"]}, "is the same as"),
        ({"labels": ["a"], "templates": ["none"]}, "'templates'[0]"),
        ({"labels": ["a"], "descriptions": {"b": ["c"]}}, "not among the labels"),
        ({"labels": ["a"], "treshold": 0.5}, "did you mean 'threshold'"),
        ({"label": ["a"]}, "did you mean 'labels'"),
        ({"labels": ["a"], "threshold": 2}, "'threshold'"),
    ):
        refused = put(running, "things", **fields)
        assert refused.status_code == 400 and message in refused.json()["error"], refused.text
    assert running.get("/v1/label-sets/things").json()["labels"] == LABELS
    assert requests.put(f"{running.url}/v1/label-sets/things", data="{}", headers={"Content-Type": "text/plain"},
                        timeout=60).status_code == 415
    posted = running.post("/v1/label-sets/things", json={})
    assert posted.status_code == 405 and posted.headers["Allow"] == "GET, HEAD, PUT, DELETE"


def test_pages_of_other_origins_may_not_change_sets(running):
    for call in (requests.put, requests.delete):
        answer = call(f"{running.url}/v1/label-sets/pets", json={"labels": ["a"]}, timeout=60,
                      headers={"Origin": "https://example.org"})
        assert answer.status_code == 403


def test_shipped_sets_can_be_used_and_hidden_but_not_removed(running, cat):
    shipped = sorted(path.stem for path in (ROOT / "share/label-sets").glob("*.json"))
    assert [one["name"] for one in running.get("/v1/label-sets").json()["label_sets"]] == shipped
    compiled_or_not = running.get("/v1/label-sets/pets").json()
    assert compiled_or_not["shipped"] and compiled_or_not["state"] == "not compiled"
    service_answer = running.wait_until(lambda: classify(running, cat, label_set="pets"), lambda a: a.status_code == 200)
    assert service_answer.json()["classifications"][0]["text"] in ("cat", "kitten")
    refused = delete(running, "pets")
    assert refused.status_code == 400 and "comes with the program" in refused.json()["error"]
    put(running, "pets", labels=["hamster"])
    assert compiled(running, "pets")["labels"] == ["hamster"]
    assert delete(running, "pets").status_code == 204
    assert running.get("/v1/label-sets/pets").json()["shipped"]


def test_sets_survive_a_restart_and_are_not_compiled_again(tmp_path, cat):
    first = start_service(tmp_path)
    put(first, "things", labels=LABELS)
    compiled(first, "things")
    before = classify(first, cat, label_set="things").json()
    assert stop_service(first) == 0
    (matrix,) = (tmp_path / "share/hailo-clip/label-sets/compiled").iterdir()
    written = matrix.stat().st_mtime_ns
    second = start_service(tmp_path)
    try:
        assert second.get("/v1/label-sets/things").json()["state"] == "compiled"
        after = classify(second, cat, label_set="things").json()
        assert after["classifications"] == before["classifications"]
        assert matrix.stat().st_mtime_ns == written
        # A file that was damaged meanwhile is made anew, not believed.
        assert stop_service(second) == 0
        data = bytearray(matrix.read_bytes())
        data[len(data) // 2] ^= 0xFF
        matrix.write_bytes(data)
        second = start_service(tmp_path)
        assert classify(second, cat, label_set="things").json()["classifications"] == before["classifications"]
    finally:
        assert stop_service(second) == 0


def test_precomputed_compiles_all_sets_at_the_start(start):
    service = start(text_embedding={"mode": "precomputed"})
    shipped = len(list((ROOT / "share/label-sets").glob("*.json")))
    sets = service.wait_until(lambda: service.get("/v1/label-sets").json()["label_sets"],
                              lambda sets: all(one["state"] == "compiled" for one in sets))
    assert len(sets) == shipped


def test_a_folder_that_cannot_be_written_is_said(start, tmp_path):
    (tmp_path / "file").write_text("")
    service = start(label_sets={"dir": str(tmp_path / "file" / "sets")})
    refused = put(service, "things", labels=LABELS)
    assert refused.status_code == 503 and "label_sets.dir" in refused.json()["error"]


def test_a_set_under_compilation_holds_no_places(running, cat):
    put(running, "huge", labels=[f"a thing with the number {i}" for i in range(100_000)])
    refused = classify(running, cat, label_set="huge")
    assert refused.status_code == 503 and "is being compiled" in refused.json()["error"]
    assert running.get("/v1/label-sets/huge").json()["state"] == "compiling"
    assert classify(running, cat, prompts=LABELS).status_code == 200
    assert delete(running, "huge").status_code == 204
    put(running, "small", labels=LABELS)  # the thread that compiles is free again
    compiled(running, "small")


def test_puts_and_classifications_at_once(running, cat):
    versions = [[f"{label} {version}" for label in LABELS] for version in range(4)]
    put(running, "things", labels=versions[0])
    compiled(running, "things")

    def write(i):
        return put(running, "things", labels=versions[i % 4]).status_code == 200

    def read(_):
        answer = classify(running, cat, label_set="things", top_k=5)
        if answer.status_code == 503:  # a slow machine may not have compiled it in time
            return "is being compiled" in answer.json()["error"]
        texts = {c["text"] for c in answer.json()["classifications"]}
        return any(texts == set(version) for version in versions)  # one version, never a mixture

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        writes = [pool.submit(write, i) for i in range(16)]
        reads = [pool.submit(read, i) for i in range(32)]
        assert all(one.result() for one in writes) and all(one.result() for one in reads)
