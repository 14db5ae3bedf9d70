"""Folders with many pictures: output files that a second run continues."""
import csv
import json
import shutil
import subprocess
import time

import numpy
import pytest
from conftest import BINARY, IMAGES

PROMPTS = ["a photo of a cat", "a photo of a cup of coffee", "a photo of a rocket"]
FLAGS = [word for prompt in PROMPTS for word in ("-p", prompt)]
COUNT = 24
LARGE = 16
NAMES = ["photo_cat.png", "photo_coffee.jpg", "photo_rocket.jpg"]


@pytest.fixture
def folder(tmp_path):
    """Pictures of three kinds in turn."""
    (tmp_path / "in").mkdir()
    for i in range(COUNT):
        source = IMAGES / NAMES[i % 3]
        shutil.copy(source, tmp_path / "in" / f"{i:03}{source.suffix}")
    return tmp_path / "in"


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def tops(answers):
    return [(a["file"], a["classifications"][0]["text"]) for a in answers]


def test_jsonl_equals_what_stdout_says_in_the_order_of_the_files(run, tmp_path, folder):
    stdout = [json.loads(line) for line in run("classify", "in", "--json", *FLAGS).stdout.splitlines()]
    result = run("classify", "in", "--output", "out.jsonl", *FLAGS)
    assert result.stdout == "" and f"{COUNT} pictures answered now, 0 before" in result.stderr
    assert tops(lines(tmp_path / "out.jsonl")) == tops(stdout)
    assert [a["file"] for a in stdout] == sorted(str(p.relative_to(tmp_path)) for p in folder.iterdir())
    assert [top for _, top in tops(stdout)] == PROMPTS * (COUNT // 3)


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_a_second_run_does_only_what_is_new(run, tmp_path, folder, format):
    out = tmp_path / f"out.{format}"
    run("classify", "in", "-o", out, *FLAGS)
    before = out.read_bytes()
    assert f"0 pictures answered now, {COUNT} before" in run("classify", "in", "-o", out, *FLAGS).stderr
    assert out.read_bytes() == before
    shutil.copy(IMAGES / NAMES[0], folder / "more.png")
    assert f"1 pictures answered now, {COUNT} before" in run("classify", "in", "-o", out, *FLAGS).stderr
    assert out.read_bytes().startswith(before)
    added = out.read_bytes()[len(before):].decode()
    assert "in/more.png" in added and "in/000" not in added


def kill_in_the_middle(environment, folder, command):
    """kill -9 after a few answers, while large pictures are still to come; how many are in the file then."""
    for i in range(LARGE):
        (folder / f"large {i:02}.jpg").symlink_to(IMAGES / "large_12mp.jpg")
    index = folder.parent / (command[-1] + ".index.jsonl")
    process = subprocess.Popen([str(BINARY), *command], cwd=folder.parent, env=environment, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 200
    while process.poll() is None and not (index.exists() and index.read_bytes().count(b"\n") >= 5):
        assert time.monotonic() < end
        time.sleep(0.002)
    process.kill()
    process.wait()
    return index.read_bytes().count(b"\n") - 1  # without the settings


def test_a_killed_run_is_continued_to_the_same_answers(run, tmp_path, folder, environment):
    cut, whole = tmp_path / "cut.jsonl", tmp_path / "whole.jsonl"
    command = ["classify", "in", *FLAGS, "--output"]
    done = kill_in_the_middle(environment, folder, [*command, cut.name])
    with cut.open("a") as file:
        file.write('{"file": "in/0')  # as if it had been in a line just then
    result = run(*command, cut.name)
    assert f"{COUNT + LARGE - done} pictures answered now, {done} before" in result.stderr
    run(*command, whole.name)
    assert tops(lines(cut)) == tops(lines(whole)) and len(lines(cut)) == COUNT + LARGE


def test_a_killed_npy_can_be_loaded_and_is_continued(run, tmp_path, folder, environment):
    done = kill_in_the_middle(environment, folder, ["embed", "in", "--output", "cut.npy"])
    assert done <= len(numpy.load(tmp_path / "cut.npy")) <= done + 1
    run("embed", "in", "--output", "cut.npy")
    matrix = numpy.load(tmp_path / "cut.npy")
    names = [line["file"] for line in lines(tmp_path / "cut.npy.index.jsonl")[1:]]
    assert matrix.dtype == numpy.float32 and len(matrix) == COUNT + LARGE == len(names)
    expected = [json.loads(line) for line in run("embed", "in").stdout.splitlines()]
    assert names == [line["file"] for line in expected]
    # float32; batches of other sizes add up in another order
    assert numpy.allclose(matrix, [line["embedding"] for line in expected], atol=1e-5)


@pytest.mark.parametrize("changed, word", [
    (["-p", "another"], "prompts"),
    (["--template", "photo"], "templates"),
    (["-k", "1"], "top_k"),
    (["--threshold", "0.5"], "threshold"),
    (["--reject-below", "0.5"], "reject_below"),
    (["--set", "clip.apply_softmax=false"], "apply_softmax"),
    (["--set", "image.transparency=drop"], "transparency"),
    (["--format", "csv"], "format"),
])
def test_other_settings_than_those_of_the_file_are_refused(run, tmp_path, folder, changed, word):
    run("classify", "in/000.png", "-o", "out.jsonl", *FLAGS)
    before = (tmp_path / "out.jsonl").read_bytes()
    result = run("classify", "in", "-o", "out.jsonl", *FLAGS, *changed, status=2)
    assert f"other settings ({word})" in result.stderr and "index.jsonl" in result.stderr
    assert (tmp_path / "out.jsonl").read_bytes() == before


def test_classify_and_embed_do_not_share_a_file(run, folder):
    run("classify", "in/000.png", "-o", "out.jsonl", *FLAGS)
    assert "command" in run("embed", "in", "-o", "out.jsonl", status=2).stderr


def test_a_file_of_somebody_else_is_left_alone(run, tmp_path, folder):
    (tmp_path / "notes.csv").write_text("mine\n")
    assert "choose another name" in run("classify", "in", "-o", "notes.csv", *FLAGS, status=2).stderr
    assert (tmp_path / "notes.csv").read_text() == "mine\n"


def test_bad_pictures_are_tried_again_and_the_others_are_kept(run, tmp_path, folder):
    (folder / "001.jpg").write_bytes(b"broken")
    result = run("classify", "in", "-o", "out.jsonl", *FLAGS, status=1)
    assert "001.jpg" in result.stderr and f"{COUNT - 1} pictures answered now" in result.stderr
    shutil.copy(IMAGES / NAMES[1], folder / "001.jpg")
    assert f"1 pictures answered now, {COUNT - 1} before" in run("classify", "in", "-o", "out.jsonl", *FLAGS).stderr
    assert len(lines(tmp_path / "out.jsonl")) == COUNT


def test_an_output_that_cannot_be_written_is_said(run, folder):
    assert "not a regular file" in run("classify", "in", "-o", "/dev/full", "--format", "csv", *FLAGS, status=2).stderr
    assert "No such file" in run("classify", "in", "-o", "no/where.csv", *FLAGS, status=2).stderr


@pytest.mark.parametrize("arguments, words", [
    (["classify", "in", *FLAGS, "-o", "x.npy"], ".npy holds embeddings"),
    (["classify", "in", *FLAGS, "-o", "x.txt"], "--format"),
    (["classify", "in", *FLAGS, "-o", "x", "--format", "xml"], "--format"),
    (["classify", "in", *FLAGS, "-o", "x.csv", "--json"], "--output"),
    (["classify", "in", *FLAGS, "--format", "csv"], "--output"),
    (["embed", "-t", "a", "-o", "x.npy"], "--output is for pictures"),
])
def test_wrong_usage_of_outputs_is_status_2(run, folder, arguments, words):
    assert words in run(*arguments, status=2).stderr


def test_a_prompt_that_is_cut_off_is_said_once(run, folder):
    assert run("classify", "in", "-p", "word " * 200).stderr.count("longer than the model reads") == 1
