import csv
import io
import json
import shutil

import pytest
from conftest import IMAGES

CAT, COFFEE, ROCKET = IMAGES / "photo_cat.png", IMAGES / "photo_coffee.jpg", IMAGES / "photo_rocket.jpg"
PROMPTS = ["a photo of a cat", "a photo of a cup of coffee", "a photo of a rocket"]
FLAGS = [word for prompt in PROMPTS for word in ("-p", prompt)]


def answers(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_names_what_is_in_real_photos(run):
    tops = {a["file"]: a["classifications"][0]["text"] for a in answers(run("classify", CAT, COFFEE, ROCKET, *FLAGS, "--json"))}
    assert tops == {str(CAT): PROMPTS[0], str(COFFEE): PROMPTS[1], str(ROCKET): PROMPTS[2]}


def test_prompts_after_dashes_equal_prompts_by_flag(run):
    assert run("classify", CAT, "--json", *FLAGS).stdout == run("classify", CAT, "--json", "--", *PROMPTS).stdout


def test_what_follows_the_dashes_is_a_prompt_even_if_it_looks_like_a_flag_or_a_file(run):
    answer = answers(run("classify", CAT, "--json", "--", "-p", str(COFFEE)))[0]
    assert {c["text"] for c in answer["classifications"]} == {"-p", str(COFFEE)}


def test_labels_come_from_a_file(run, tmp_path):
    (tmp_path / "labels.txt").write_text("\n".join(PROMPTS) + "\r\n\n")
    assert len(answers(run("classify", CAT, "--labels", "labels.txt", "--json", "-k", "9"))[0]["classifications"]) == 3


def test_text_output_shows_file_score_and_prompt(run):
    lines = run("classify", CAT, *FLAGS).stdout.splitlines()
    assert lines[0] == str(CAT)
    score, rest = lines[1].split(maxsplit=1)
    assert float(score) > 0.5 and rest.startswith(PROMPTS[0])


def test_csv_is_csv(run, tmp_path):
    odd = tmp_path / 'a, "b".png'
    shutil.copy(CAT, odd)
    rows = list(csv.DictReader(io.StringIO(run("classify", odd, "--csv", *FLAGS).stdout)))
    assert [row["rank"] for row in rows] == ["1", "2", "3"] and rows[0]["file"] == str(odd)


def test_folders_and_patterns(run, tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    shutil.copy(CAT, tmp_path / "in" / "1.png")
    shutil.copy(COFFEE, tmp_path / "in" / "deep" / "2.JPG")
    (tmp_path / "in" / "notes.txt").write_text("not a picture")
    files = [a["file"] for a in answers(run("classify", "in", *FLAGS, "--json"))]
    assert files == ["in/1.png", "in/deep/2.JPG"]
    assert [a["file"] for a in answers(run("classify", "in/*.png", *FLAGS, "--json"))] == ["in/1.png"]


def test_a_bad_picture_fails_alone_with_status_1(run, tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff nonsense")
    result = run("classify", CAT, "bad.jpg", COFFEE, *FLAGS, "--json", status=1)
    assert [a["file"] for a in answers(result)] == [str(CAT), str(COFFEE)]
    assert "bad.jpg" in result.stderr


@pytest.mark.parametrize("arguments, words", [
    (["classify", "a cat", "-p", "x"], "is no file or folder"),
    (["classify", str(CAT)], "there are no prompts"),
    (["classify", str(CAT), "-p", "  "], "a prompt is empty"),
    (["classify", str(CAT), "-p", "x", "--template", "no hole"], "{}"),
    (["classify", str(CAT), "-p", "x", "-k", "0"], "--top-k"),
    (["classify", str(CAT), "-p", "x", "--threshold", "2"], "--threshold"),
    (["classify", str(CAT), "-p", "x", "--json", "--csv"], "--json"),
    (["classify", str(CAT), "-p", "x", "--labels", "missing.txt"], "missing.txt"),
    (["classify", "-p", "x"], "inputs"),
    (["clasify"], "clasify"),
    ([], "subcommand"),
    (["serve", "--port", "70000"], "server.port"),
    (["config", "check", "--set", "clip.modle=x"], "clip.model"),
])
def test_wrong_usage_is_status_2_and_says_why(run, arguments, words):
    result = run(*arguments, status=2)
    assert words in result.stderr and result.stdout == ""


def test_a_missing_model_is_status_3_and_says_how_to_get_it(run):
    result = run("classify", CAT, "-p", "x", "--model", "clip-vit-b-32", status=3)
    assert "hailo-clip models import" in result.stderr


def test_the_starter_stands_in_when_told_to(run):
    answer = answers(run("classify", CAT, *FLAGS, "--json", "--model", "clip-vit-b-32", "--set", "clip.if_missing=starter"))[0]
    assert answer["model"] == "starter" and answer["requested_model"] == "clip-vit-b-32"


def test_none_of_these(run):
    answer = answers(run("classify", CAT, "--reject-below", "0.9", *FLAGS, "--json"))[0]
    assert answer["none_of_these"] is True
    assert "(none of these)" in run("classify", CAT, "--reject-below", "0.9", *FLAGS).stdout


def test_embeddings_have_unit_length_and_rank_like_classify(run):
    picture = answers(run("embed", CAT))[0]["embedding"]
    texts = answers(run("embed", *[word for p in PROMPTS for word in ("-t", p)]))
    assert abs(sum(x * x for x in picture) - 1) < 1e-5
    cosines = {t["text"]: sum(a * b for a, b in zip(picture, t["embedding"])) for t in texts}
    answer = answers(run("classify", CAT, *FLAGS, "--json"))[0]["classifications"]
    assert sorted(cosines, key=cosines.get, reverse=True) == [c["text"] for c in answer]
    assert all(abs(cosines[c["text"]] - c["similarity"]) < 1e-5 for c in answer)
    row = next(csv.reader(io.StringIO(run("embed", CAT, "--csv").stdout)))
    assert row[0] == str(CAT) and [float(x) for x in row[1:]] == picture
