"""Folders with many pictures: output files that a second run continues."""
import csv
import json
import os
import shutil
import signal
import subprocess
import time

import numpy
import pytest
from conftest import BINARY, IMAGES

PROMPTS = ["a photo of a cat", "a photo of a cup of coffee", "a photo of a rocket"]
FLAGS = [word for prompt in PROMPTS for word in ("-p", prompt)]
NAMES = ["photo_cat.png", "photo_coffee.jpg", "photo_rocket.jpg"]


@pytest.fixture
def folder(tmp_path):
    """60 pictures of three kinds, in the order that they are worked on."""
    (tmp_path / "in").mkdir()
    for i in range(60):
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
    assert result.stdout == "" and "60 pictures answered now, 0 before" in result.stderr
    assert tops(lines(tmp_path / "out.jsonl")) == tops(stdout)
    assert [a["file"] for a in stdout] == sorted(str(p.relative_to(tmp_path)) for p in folder.iterdir())
    assert [top for _, top in tops(stdout)] == PROMPTS * 20


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_a_second_run_does_only_what_is_new(run, tmp_path, folder, format):
    out = tmp_path / f"out.{format}"
    run("classify", "in", "-o", out, *FLAGS)
    before = out.read_bytes()
    assert "0 pictures answered now, 60 before" in run("classify", "in", "-o", out, *FLAGS).stderr
    assert out.read_bytes() == before
    shutil.copy(IMAGES / NAMES[0], folder / "more.png")
    assert "1 pictures answered now, 60 before" in run("classify", "in", "-o", out, *FLAGS).stderr
    assert out.read_bytes().startswith(before)
    added = out.read_bytes()[len(before):].decode()
    assert "in/more.png" in added and "in/000" not in added


def kill_in_the_middle(environment, folder, command):
    """kill -9 once some pictures are answered."""
    index = folder.parent / (command[command.index("--output") + 1] + ".index.jsonl")
    process = subprocess.Popen([str(BINARY), *command], cwd=folder.parent, env=environment, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while not index.exists() or index.read_bytes().count(b"\n") < 5:
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return index.read_bytes().count(b"\n") - 1


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_a_killed_run_is_continued_to_the_same_answers(run, tmp_path, folder, environment, format):
    done = kill_in_the_middle(environment, folder, ["classify", "in", *FLAGS, "--output", f"cut.{format}"])
    with (tmp_path / f"cut.{format}").open("a") as file:
        file.write('{"file": "in/0')  # as if it had been killed while it wrote
    result = run("classify", "in", *FLAGS, "--output", f"cut.{format}")
    assert f"{60 - done} pictures answered now, {done} before" in result.stderr
    run("classify", "in", *FLAGS, "--output", f"whole.{format}")
    if format == "jsonl":
        assert tops(lines(tmp_path / "cut.jsonl")) == tops(lines(tmp_path / "whole.jsonl"))
    else:
        rows = [[row[:3] for row in csv.reader((tmp_path / f"{name}.csv").open())] for name in ("cut", "whole")]
        assert rows[0] == rows[1] and len(rows[0]) == 1 + 3 * 60


def test_a_killed_npy_can_be_loaded_and_is_continued(run, tmp_path, folder, environment):
    done = kill_in_the_middle(environment, folder, ["embed", "in", "--output", "cut.npy"])
    assert len(numpy.load(tmp_path / "cut.npy")) in (done, done + 1)
    run("embed", "in", "--output", "cut.npy")
    matrix = numpy.load(tmp_path / "cut.npy")
    names = [line["file"] for line in lines(tmp_path / "cut.npy.index.jsonl")[1:]]
    assert matrix.dtype == numpy.float32 and len(matrix) == 60 == len(names)
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
    assert "001.jpg" in result.stderr and "59 pictures answered now" in result.stderr
    shutil.copy(IMAGES / NAMES[1], folder / "001.jpg")
    assert "1 pictures answered now, 59 before" in run("classify", "in", "-o", "out.jsonl", *FLAGS).stderr
    assert len(lines(tmp_path / "out.jsonl")) == 60


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
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
