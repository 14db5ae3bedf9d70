"""Importing published models. What they must reproduce is in test_fidelity.py."""
import json
import shutil
import tarfile

import pytest
from conftest import IMAGES
from published import LAYOUTS, lay_out, lower


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
    assert "sigmoid of 10 x cosine - 1.5" in run("models", "show", "siglip").stdout


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


def test_full_precision_is_taken_unless_another_is_named(run, published):
    lower(shutil.copytree(published, published.parent / "half"), "fp16")
    for graph in (published.parent / "half/onnx").iterdir():
        shutil.copy(graph, published / "onnx")
    run("models", "import", published)
    assert "onnx/vision_model.onnx" in run("models", "show", "tiny").stdout
    run("models", "import", published, "--precision", "fp16", "--name", "half")
    assert "onnx/vision_model_fp16.onnx" in run("models", "show", "half").stdout
    message = run("models", "import", published, "--precision", "int8", "--name", "eighth", status=3).stderr
    assert "no onnx/vision_model.onnx in int8; there is onnx/vision_model.onnx (--precision fp32)" in message
    assert "there is no 'fp12'" in run("models", "import", published, "--precision", "fp12", "--name", "x", status=2).stderr


def test_an_import_speaks_of_the_files_that_it_was_given(run, published, tmp_path):
    (published / "tokenizer.json").write_text("{}")
    message = run("models", "import", published, status=3).stderr
    assert str(published / "tokenizer.json") in message and ".import-" not in message
    with tarfile.open(tmp_path / "tiny.tar", "w") as tar:
        tar.add(published, "tiny")
    message = run("models", "import", tmp_path / "tiny.tar", status=3).stderr
    assert "tiny.tar: tokenizer file tiny/tokenizer.json:" in message and ".import-" not in message


def test_bench_measures_each_model_and_compares(run, imported, tmp_path):
    lower(lay_out("xenova", tmp_path / "half"), "fp16")
    run("models", "import", tmp_path / "half", "--precision", "fp16")
    answer = run("bench", "models", "half", "--against", "tiny", "--rounds", 1, "--json")
    measured = {row["model"]: row for row in map(json.loads, answer.stdout.splitlines())}
    assert set(measured) == {"tiny", "half"}
    assert (measured["tiny"]["image_precision"], measured["half"]["image_precision"]) == ("fp32", "fp16")
    assert measured["tiny"]["image_cosine"] > 0.999999 and 0.999 < measured["half"]["text_cosine"] < 1
    assert measured["half"]["disk_bytes"] < measured["tiny"]["disk_bytes"]
    assert all(row["image_ms"] > 0 and row["text_ms"] > 0 and row["load_ms"] > 0 for row in measured.values())
    table = run("bench", "models", "--rounds", 1).stdout
    assert table.startswith("MODEL") and "starter" in table and "COS" not in table
    assert "no model named" in run("bench", "models", "nothing", status=3).stderr
    graph = tmp_path / "data/hailo-clip/models/half/onnx/text_model_fp16.onnx"
    graph.write_bytes(graph.read_bytes()[:-1])
    assert "text_model_fp16.onnx" in run("bench", "models", "half", status=3).stderr
