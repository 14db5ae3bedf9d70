"""The OpenAI dialect with the official Python package."""

import base64

import numpy
import openai
import pytest


@pytest.fixture
def client(service):
    return openai.OpenAI(base_url=service.url + "/v1", api_key="unused", max_retries=0, timeout=60)


@pytest.fixture
def model(client):
    return client.models.list().data[0].id


def test_models_are_listed_and_shown(client, model):
    listed = client.models.list()
    assert listed.object == "list" and len(listed.data) == 1
    shown = client.models.retrieve(model)
    assert shown.id == model and shown.object == "model" and shown.owned_by == "hailo-clip" and shown.created > 0


def test_base64_and_float_embeddings_are_the_same(client, model, service):
    default = client.embeddings.create(model=model, input=["a cat", "a dog"])  # the package asks for base64
    floats = client.embeddings.create(model=model, input=["a cat", "a dog"], encoding_format="float")
    assert [entry.index for entry in default.data] == [0, 1]
    assert numpy.array_equal(
        numpy.array(default.data[0].embedding, dtype=numpy.float32),
        numpy.array(floats.data[0].embedding, dtype=numpy.float32),
    )
    assert default.model == model and default.usage.total_tokens == default.usage.prompt_tokens > 4
    own = service.post("/v1/embed/text", json={"text": "a dog"}).json()["embedding"]
    assert numpy.dot(own, floats.data[1].embedding) == pytest.approx(1, abs=1e-5)


def test_pictures_and_texts_mix_in_order(client, model, cat, service):
    answer = client.embeddings.create(model=model, input=["a cat", "data:image/png;base64," + cat, "a dog"])
    own = service.post("/v1/embed/image", json={"image": cat}).json()["embedding"]
    assert numpy.dot(own, answer.data[1].embedding) == pytest.approx(1, abs=1e-5)
    assert len(answer.data) == 3


def test_other_ways_to_send_a_picture(service, cat):
    uri = "data:image/png;base64," + cat
    message = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": uri}}]}
    vectors = [
        service.post(path, json=body).json()["data"][0]["embedding"]
        for path, body in [
            ("/v1/embeddings", {"input": uri}),
            ("/v1/embeddings", {"input": [{"image": cat}]}),
            ("/embeddings", {"input": [cat], "modality": "image"}),
            ("/v1/embeddings", {"messages": [message]}),
        ]
    ]
    for vector in vectors[1:]:
        assert numpy.dot(vector, vectors[0]) == pytest.approx(1, abs=1e-5)


def test_base64_is_little_endian_float32(service):
    body = {"input": "a cat", "encoding_format": "base64"}
    text = service.post("/v1/embeddings", json=body).json()["data"][0]["embedding"]
    vector = numpy.frombuffer(base64.b64decode(text), dtype="<f4")
    assert numpy.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_errors_have_the_classes_and_fields_of_openai(client, model):
    with pytest.raises(openai.NotFoundError) as unknown:
        client.embeddings.create(model="gpt-5", input="a")
    assert unknown.value.code == "model_not_found" and unknown.value.param == "model"
    with pytest.raises(openai.NotFoundError) as shown:
        client.models.retrieve("gpt-5")
    assert shown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as tokens:
        client.embeddings.create(model=model, input=[[1, 2, 3]])
    assert "check_embedding_ctx_length=False" in tokens.value.message and tokens.value.param == "input"
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model=model, input="a", dimensions=64)
    with pytest.raises(openai.NotFoundError) as route:
        client.chat.completions.create(model=model, messages=[{"role": "user", "content": "a"}])
    assert route.value.code == "unknown_url" and route.value.type == "invalid_request_error"


def test_protocol_errors_keep_the_shape(service):
    answer = service.get("/v1/embeddings")
    assert answer.status_code == 405 and answer.json()["error"]["type"] == "invalid_request_error"
    answer = service.post("/v1/embeddings", data="a", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415 and "application/json" in answer.json()["error"]["message"]
