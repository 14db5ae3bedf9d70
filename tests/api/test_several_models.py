"""models.load: requests that name a model, and the limit of what is in memory."""
import concurrent.futures
import os
import shutil
import subprocess

import pytest
from service import BINARY, ROOT

DATA = ROOT / "tests/data"


@pytest.fixture
def tiny_models(tmp_path):
    """A folder of models with `tiny` and `small`: the same published model under two names."""
    published = tmp_path / "published"
    shutil.copytree(DATA / "models/xenova", published)
    shutil.copy(DATA / "clip/tokenizer.json", published)
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "none"), "HAILO_CLIP_MODELS_DIRS": str(tmp_path / "models")}
    for name in ("tiny", "small"):
        subprocess.run([BINARY, "models", "import", published, "--name", name], check=True, env=environment,
                       capture_output=True)
    return str(tmp_path / "models")


def embed(service, **fields):
    return service.post("/v1/embed/text", json={"text": "a cat", **fields})


def states(service):
    """Once the loads of the start have ended."""
    models = service.wait_until(lambda: service.get("/health").json()["models"],
                                lambda models: all(model["state"] != "loading" for model in models))
    return {model["name"]: model["state"] for model in models}


def test_a_request_gets_the_model_that_it_names(start, tiny_models, cat):
    service = start(models={"dirs": [tiny_models], "load": ["tiny"]}, clip={"model": "starter"})
    main, tiny = embed(service).json(), embed(service, model="tiny").json()
    assert main["model"] == "starter" and tiny["model"] == "tiny"
    assert len(main["embedding"]) != len(tiny["embedding"]) == tiny["dimension"] == 32
    assert main["model_fingerprint"] != tiny["model_fingerprint"]
    picture = service.post("/v1/embed/image", json={"image": cat, "model": "tiny"}).json()
    assert picture["model"] == "tiny" and picture["dimension"] == 32
    answer = service.post("/v1/classify", json={"image": cat, "prompts": ["a cat", "a dog"], "model": "tiny"}).json()
    assert answer["model_fingerprint"] == tiny["model_fingerprint"] and answer["cached"]["prompts"] == 1
    unknown = embed(service, model="small")
    assert unknown.status_code == 422 and "this service serves: starter, tiny" in unknown.json()["error"]
    assert [model["id"] for model in service.get("/v1/models").json()["data"]] == ["starter", "tiny"]
    assert service.get("/v1/models/tiny").json()["meta"]["n_embd"] == 32
    openai = service.post("/v1/embeddings", json={"input": "a cat", "model": "tiny", "encoding_format": "float"}).json()
    assert openai["model"] == "tiny" and openai["data"][0]["embedding"] == pytest.approx(tiny["embedding"], abs=1e-6)


def test_the_main_model_is_not_loaded_twice(start, tiny_models):
    service = start(models={"dirs": [tiny_models], "load": ["starter", "tiny"]}, clip={"model": "starter"})
    assert set(states(service)) == {"tiny"}


def test_over_the_limit_the_least_recently_used_goes(start, tiny_models):
    service = start(models={"dirs": [tiny_models], "load": ["tiny", "small"], "max_memory": 1}, clip={"model": "starter"})
    service.wait_until(lambda: states(service), lambda found: "loaded" in found.values())
    for name, other in (("tiny", "small"), ("small", "tiny"), ("tiny", "small")):
        assert embed(service, model=name).json()["model"] == name
        assert states(service) == {name: "loaded", other: "unloaded"}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        names = ["tiny", "small", "starter"] * 8
        answers = list(pool.map(lambda name: embed(service, model=name), names))
    assert [answer.json()["model"] for answer in answers] == names
    assert sorted(states(service).values()) == ["loaded", "unloaded"]


def test_a_model_that_fails_is_named_and_the_others_serve(start, tiny_models, tmp_path):
    graph = tmp_path / "models/tiny/onnx/text_model.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"!")
    service = start(models={"dirs": [tiny_models], "load": ["tiny", "missing"]}, clip={"model": "starter"})
    assert embed(service).status_code == 200
    health = service.wait_until(lambda: service.get("/health").json(), lambda h: all(m["state"] == "failed" for m in h["models"]))
    assert health["status"] == "healthy"
    assert "not the file that was imported" in health["models"][0]["error"]
    assert "no model named 'missing'" in health["models"][1]["error"]
    refused = embed(service, model="tiny")
    assert refused.status_code == 503 and "text_model.onnx" in refused.json()["error"]
