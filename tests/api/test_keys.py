"""API keys and rate limits of the running service."""

import json
import os
import pathlib
import signal
import subprocess

import openai
import pytest
import requests
from service import BINARY, start_service, stop_service

MODELS, EMBED = "/v1/models", "/v1/embed/text"


def keys(folder, *arguments):
    """Runs `hailo-clip keys` on the file of a service that `start_service(folder)` started; what it prints."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HAILO_CLIP_")}
    command = [BINARY, "keys", *arguments, "--set", f"server.keys_file={folder / 'keys'}"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A service with one key: (service, key)."""
    folder = tmp_path_factory.mktemp("guarded")
    key = keys(folder, "add", "kitchen")
    running = start_service(folder)
    yield running, key
    assert stop_service(running) == 0, running.log.read_text()[-3000:]


def test_every_route_but_health_needs_a_key(guarded):
    service, key = guarded
    for path in ("/health", "/health/live", "/health/ready"):
        assert service.get(path).status_code == 200
    for path in (MODELS, "/metrics", "/v1/stats", "/v1/label-sets", "/no/such/path"):
        assert service.get(path).status_code == 401, path
    for path in (EMBED, "/v1/embed/image", "/v1/classify", "/v1/classify/batch", "/v1/embeddings", "/embeddings"):
        assert service.post(path, json={"text": "a cat"}).status_code == 401, path
    assert service.get("/v1/stats", headers=bearer(key)).status_code == 200
    assert service.get("/no/such/path", headers=bearer(key)).status_code == 404


def test_a_key_is_taken_from_either_header(guarded):
    service, key = guarded
    for headers in (bearer(key), {"authorization": f"bearer {key}"}, {"X-API-Key": key},
                    {"X-API-Key": key, "Authorization": "Basic Zm9vOmJhcg=="}):
        assert service.post(EMBED, json={"text": "a cat"}, headers=headers).status_code == 200, headers
    line = service.wait_for_log_line(lambda line: line.get("path") == EMBED and line["status"] == 200)
    assert line["key_name"] == "kitchen"
    assert key not in service.log.read_text()


def test_the_native_refusal_says_what_to_send(guarded):
    service, _ = guarded
    missing = service.post(EMBED, json={"text": "a cat"})
    assert missing.headers["WWW-Authenticate"] == 'Bearer realm="hailo-clip"'
    assert set(missing.json()) == {"error"} and "X-API-Key" in missing.json()["error"]
    for wrong in ("hck_wrong", "hck_" + 52 * "a", 5000 * "x"):
        refused = service.post(EMBED, json={"text": "a cat"}, headers={"X-API-Key": wrong})
        assert refused.status_code == 401 and "error=\"invalid_token\"" in refused.headers["WWW-Authenticate"]
        assert "not known" in refused.json()["error"] and wrong not in refused.text


def test_openai_clients_get_their_own_errors(guarded):
    service, key = guarded
    with pytest.raises(openai.AuthenticationError) as refused:
        openai.OpenAI(base_url=service.url + "/v1", api_key="unused", max_retries=0).models.list()
    assert refused.value.status_code == 401 and refused.value.code == "invalid_api_key"
    assert refused.value.type == "invalid_request_error"
    client = openai.OpenAI(base_url=service.url + "/v1", api_key=key, max_retries=0)
    model = client.models.list().data[0].id
    assert len(client.embeddings.create(model=model, input="a cat").data) == 1


def test_a_large_body_without_a_key_is_refused_before_it_is_read(guarded):
    service, _ = guarded
    header = (f"POST {EMBED} HTTP/1.1\r\nHost: pi\r\nContent-Type: application/json\r\nContent-Length: 30000000\r\n"
              "Expect: 100-continue\r\n\r\n")
    with service.connect() as connection:
        connection.sendall(header.encode())
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 401 ") and b"100 Continue" not in answer


def test_preflights_of_listed_pages_need_no_key(start, tmp_path):
    keys(tmp_path, "add", "page")
    service = start(server={"allowed_origins": ["https://app.example"]})
    origin = {"Origin": "https://app.example"}
    asked = requests.options(service.url + EMBED, headers=origin, timeout=60)
    assert asked.status_code == 204 and "X-API-Key" in asked.headers["Access-Control-Allow-Headers"]
    refused = service.post(EMBED, json={"text": "a cat"}, headers=origin)
    assert refused.status_code == 401 and refused.headers["Access-Control-Allow-Origin"] == "https://app.example"


def test_a_running_service_sees_keys_come_and_go(start, tmp_path):
    service = start()
    assert service.get(MODELS, headers=bearer("unused")).status_code == 200

    def status(headers):
        return service.get(MODELS, headers=headers).status_code

    first = keys(tmp_path, "add", "first")
    service.wait_until(lambda: status({}), lambda code: code == 401)
    assert status(bearer(first)) == 200
    second = keys(tmp_path, "add", "second")
    service.wait_until(lambda: status(bearer(second)), lambda code: code == 200)
    keys(tmp_path, "revoke", "first")
    service.wait_until(lambda: status(bearer(first)), lambda code: code == 401)
    assert status(bearer(second)) == 200
    keys(tmp_path, "revoke", "second", "--last")
    service.wait_until(lambda: status({}), lambda code: code == 200)


@pytest.mark.parametrize("damage", [lambda file: file.write_text("damaged\n"), pathlib.Path.unlink])
def test_a_damaged_or_missing_file_never_opens_a_running_service(start, tmp_path, damage):
    key = keys(tmp_path, "add", "a")
    service = start()
    damage(tmp_path / "keys")
    line = service.wait_for_log_line(lambda line: "API keys were not read again" in line["message"])
    assert line["level"] == "ERROR" and str(tmp_path / "keys") in line["reason"]
    service.process.send_signal(signal.SIGHUP)
    service.wait_for_log_line(lambda line: "configuration was not reloaded" in line["message"])
    assert service.get(MODELS).status_code == 401
    assert service.get(MODELS, headers=bearer(key)).status_code == 200


def test_an_open_port_without_keys_is_warned_of(start, tmp_path):
    service = start(server={"host": "0.0.0.0"})
    warning = service.wait_for_log_line(lambda line: "there is no API key" in line["message"])
    assert warning["level"] == "WARNING" and "hailo-clip keys add" in warning["remedy"]


@pytest.mark.parametrize("with_key, host", [(True, "0.0.0.0"), (False, "127.0.0.1")])
def test_there_is_no_warning_where_none_is_due(start, tmp_path, with_key, host):
    if with_key:
        keys(tmp_path, "add", "a")
    service = start(server={"host": host})
    assert stop_service(service) == 0
    assert "there is no API key" not in service.log.read_text()


# One request in a hundred seconds after the first two: whatever the machine, the third within a test is too many.
RATE = {"rate_limit": 0.01, "rate_burst": 2}


def test_too_many_requests_from_an_address_get_429(start):
    service = start(server=RATE)
    assert [service.get(MODELS).status_code for _ in range(3)] == [200, 200, 429]
    refused = service.post(EMBED, json={"text": "a cat"})
    assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 100
    assert "server.rate_limit" in refused.json()["error"]
    assert service.get("/health").status_code == 200, "health is not limited"
    with pytest.raises(openai.RateLimitError) as limited:
        openai.OpenAI(base_url=service.url + "/v1", api_key="unused", max_retries=0).models.list()
    assert limited.value.code == "rate_limit_exceeded"


def test_each_key_has_a_limit_of_its_own(start, tmp_path):
    first, second = keys(tmp_path, "add", "first"), keys(tmp_path, "add", "second")
    service = start(server=RATE)
    for key in (first, second):
        assert [service.get(MODELS, headers=bearer(key)).status_code for _ in range(3)] == [200, 200, 429]
    assert [service.get(MODELS).status_code for _ in range(3)] == [401, 401, 429], "who has none uses up the address"


def test_the_limit_changes_with_a_reload(start, tmp_path):
    service = start(server=RATE)
    assert [service.get(MODELS).status_code for _ in range(3)][-1] == 429
    file = tmp_path / "hailo-clip.yaml"
    config = json.loads(file.read_text())
    config["server"]["rate_limit"] = 0
    file.write_text(json.dumps(config))
    service.process.send_signal(signal.SIGHUP)
    service.wait_for_log_line(lambda line: line["message"] == "configuration key changed" and line["key"] == "server.rate_limit")
    assert {service.get(MODELS).status_code for _ in range(5)} == {200}
