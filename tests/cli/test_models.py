"""Importing published models. What they must reproduce is in test_fidelity.py."""
import json

import pytest
from conftest import IMAGES
from published import LAYOUTS, lay_out


@pytest.fixture
def published(tmp_path):
    return lay_out("xenova", tmp_path / "published" / "tiny")


@pytest.fixture
def imported(run, published):
    run("models", "import", published)
    return "tiny"


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


def test_a_model_without_texts_embeds_pictures_and_says_so(run, tmp_path):
    assert "embeds pictures only" in run("models", "import", lay_out("resnet", tmp_path / "resnet")).stderr
    picture = IMAGES / "photo_cat.png"
    assert len(json.loads(run("embed", "--model", "resnet", picture).stdout)["embedding"]) == 32
    assert "no text encoder" in run("embed", "--model", "resnet", "-t", "x", status=3).stderr
    assert "no text encoder" in run("classify", picture, "--model", "resnet", "-p", "x", status=3).stderr
    assert json.loads(run("embed", picture).stdout)["model"] == "starter"  # auto wants both sides


def test_the_trained_logits_are_measured_or_given_but_never_guessed_for_a_sigmoid(run, tmp_path):
    folder = lay_out("siglip", tmp_path / "siglip")
    assert "measured with onnx/model.onnx" in run("models", "import", folder).stderr
    (folder / "onnx/model.onnx").unlink()
    assert "--logit-bias" in run("models", "import", folder, "--replace", status=2).stderr
    assert "together" in run("models", "import", folder, "--replace", "--logit-scale", 10, status=2).stderr
    run("models", "import", folder, "--replace", "--logit-scale", 10, "--logit-bias", -1.5)
    assert "sigmoid of 10" in run("models", "show", "siglip").stdout


def test_a_sentence_for_every_layout_when_none_fits(run, tmp_path):
    (tmp_path / "empty").mkdir()
    message = run("models", "import", tmp_path / "empty", status=2).stderr
    for words in ("onnx/vision_model.onnx", "model.onnx or onnx/model.onnx", "visual/model.onnx"):
        assert words in message


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_imported_layout_passes_its_self_test_again(run, tmp_path, layout):
    """In another process: with batches formed as they come."""
    run("models", "import", lay_out(layout, tmp_path / layout))
    run("embed", "--model", layout, IMAGES / "photo_cat.png")
