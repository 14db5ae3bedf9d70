"""Importing the tiny published layout, and what that must reproduce."""
import json
import math
import shutil

import pytest
from conftest import IMAGES, ROOT

DATA = ROOT / "tests/data"
EXPECTED = [json.loads(line) for line in open(DATA / "models/expected.jsonl")]


@pytest.fixture
def published(tmp_path):
    folder = tmp_path / "published" / "tiny"
    shutil.copytree(DATA / "models/xenova", folder)
    shutil.copy(DATA / "clip/tokenizer.json", folder)
    return folder


@pytest.fixture
def imported(run, published):
    run("models", "import", published)
    return "tiny"


def normalise(vector):
    length = math.sqrt(sum(x * x for x in vector))
    return [x / length for x in vector]


def worst(actual, expected):
    return max(abs(a - e) for a, e in zip(actual, expected, strict=True))


def test_embeddings_and_scores_equal_the_reference(run, imported, capsys):
    """Reference: torch, from the picture files' bytes; tolerance 1e-5 for embeddings, 1e-4 for scores."""
    images = {e["image"]: e["embedding"] for e in EXPECTED if e["kind"] == "image"}
    texts = [(e["text"], e["embedding"]) for e in EXPECTED if e["kind"] == "text"]
    scores = [e for e in EXPECTED if e["kind"] == "scores"]
    assert len(images) >= 4 and len(texts) >= 20 and len(scores) >= 10
    off_images = off_texts = off_scores = 0.0
    drop = ("--set", "image.transparency=drop")  # as the reference treats transparent pixels
    lines = run("embed", "--model", imported, *drop, *[IMAGES / name for name in images]).stdout.splitlines()
    for line, expected in zip(lines, images.values(), strict=True):
        off_images = max(off_images, worst(json.loads(line)["embedding"], normalise(expected)))
    flags = [word for text, _ in texts for word in ("-t", text)]
    for line, (_, expected) in zip(run("embed", "--model", imported, *flags).stdout.splitlines(), texts, strict=True):
        off_texts = max(off_texts, worst(json.loads(line)["embedding"], normalise(expected)))
    for entry in scores:
        flags = [word for text in entry["texts"] for word in ("-p", text)]
        answer = json.loads(run("classify", IMAGES / entry["image"], "--model", imported, "--json", "-k", "1000", *drop, *flags).stdout)
        ranked = {c["text"]: c for c in answer["classifications"]}
        for text, cosine, score in zip(entry["texts"], entry["cosine"], entry["scores"], strict=True):
            single = len(entry["texts"]) == 1  # softmax of one would be 1: the score is the cosine then
            off_scores = max(off_scores, abs(ranked[text]["score"] - (cosine if single else score)))
            off_images = max(off_images, abs(ranked[text]["similarity"] - cosine))
    with capsys.disabled():
        print(f"\nlargest difference: pictures {off_images:.1e}, texts {off_texts:.1e}, scores {off_scores:.1e}")
    assert off_images <= 1e-5 and off_texts <= 1e-5 and off_scores <= 1e-4


def test_an_imported_model_is_listed_shown_and_chosen(run, imported):
    names = [json.loads(line)["name"] for line in run("models", "list", "--json").stdout.splitlines()]
    assert names == ["tiny", "starter"]
    assert "hashes match" in run("models", "show", imported).stdout
    assert json.loads(run("embed", "-t", "x").stdout)["model"] == "tiny"  # clip.model: auto


def test_a_second_import_needs_replace(run, published, imported):
    assert "tiny" in run("models", "import", published, status=2).stderr
    run("models", "import", published, "--replace")


@pytest.mark.parametrize("change, words", [
    (lambda f: (f / "onnx/vision_model.onnx").unlink(), "vision_model.onnx"),
    (lambda f: (f / "config.json").write_text("{"), "config.json"),
    (lambda f: (f / "preprocessor_config.json").write_text(
        (f / "preprocessor_config.json").read_text().replace('"resample": 3', '"resample": 1')), "resample"),
    (lambda f: (f / "config.json").write_text(
        (f / "config.json").read_text().replace('"projection_dim": 32', '"projection_dim": 64')), "64"),
    (lambda f: (f / "onnx/text_model.onnx").write_bytes(b"not a graph"), "text_model.onnx"),
])
def test_a_folder_that_cannot_be_understood_is_refused_and_leaves_nothing(run, published, tmp_path, change, words):
    change(published)
    result = run("models", "import", published, status=3 if words != "resample" else 2)
    assert words in result.stderr
    models = tmp_path / "data/hailo-clip/models"
    assert not models.exists() or list(models.iterdir()) == []


def test_a_damaged_file_is_found(run, imported, tmp_path):
    file = tmp_path / "data/hailo-clip/models/tiny/onnx/text_model.onnx"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert "text_model.onnx" in run("models", "show", imported, status=3).stderr
    assert "text_model.onnx" in run("embed", "-t", "x", status=3).stderr
    assert "FAIL" in run("doctor", status=3).stdout
