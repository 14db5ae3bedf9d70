"""verify, default, rm, export and import of a bundle; imports that are killed."""
import io
import os
import random
import shutil
import signal
import subprocess
import tarfile
import time

import pytest
from conftest import BINARY, IMAGES
from test_models import imported, published  # noqa: F401 (fixtures)

CAT = IMAGES / "photo_cat.png"


def models_folder(tmp_path):
    return tmp_path / "data/hailo-clip/models"


def test_verify_names_what_is_damaged(run, imported, tmp_path):
    lines = run("models", "verify").stdout.splitlines()
    assert len(lines) == 2 and all("intact; self-test passed" in line for line in lines)
    graph = models_folder(tmp_path) / "tiny/onnx/text_model.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"!")
    output = run("models", "verify", "tiny", "starter", status=1).stdout
    assert "tiny" in output and "text_model.onnx is not the file that was imported" in output
    assert "starter" in output and "intact" in output
    assert "no model named" in run("models", "verify", "nothing", status=1).stdout


def test_the_default_is_what_auto_takes(run, imported):
    assert run("models", "default").stdout.startswith("tiny (no choice was made")
    assert run("models", "default", "starter").stdout.startswith("starter (chosen in ")
    assert '"model":"starter"' in run("classify", CAT, "--json", "-p", "a cat", "-p", "a dog").stdout
    assert run("models", "default", "--clear").stdout.startswith("tiny (no choice was made")
    assert "no model named" in run("models", "default", "nothing", status=3).stderr
    run("models", "default", "tiny")
    assert "it was the default" in run("models", "rm", "tiny").stdout
    assert run("models", "default").stdout.startswith("starter")


def test_rm_removes_all_of_it_and_never_the_starter(run, imported, tmp_path):
    run("models", "rm", "tiny")
    assert list(models_folder(tmp_path).iterdir()) == []
    assert "no model named" in run("models", "rm", "tiny", status=3).stderr
    assert "part of the program" in run("models", "rm", "starter", status=2).stderr


def test_an_exported_model_is_the_same_elsewhere(run, imported, tmp_path):
    before = run("models", "list", "--json").stdout
    run("models", "export", "tiny", tmp_path / "tiny.tar")
    assert "is there already" in run("models", "export", "tiny", tmp_path / "tiny.tar", status=2).stderr
    run("models", "rm", "tiny")
    run("models", "import", tmp_path / "tiny.tar")
    assert run("models", "list", "--json").stdout == before
    run("models", "verify", "tiny")


def repack(source, target, change):
    """The tar again, with `change(name, content)` for each file."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old:
            content = change(member.name, old.extractfile(member).read())
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return target


def entries(target, *members, mode="w"):
    """A tar of zeros with these entries: (name, fields of TarInfo)."""
    with tarfile.open(target, mode) as tar:
        for name, fields in members:
            member = tarfile.TarInfo(name)
            for key, value in fields.items():
                setattr(member, key, value)
            tar.addfile(member, io.BytesIO(b"\0" * member.size))
    return target


def in_manifest(old, new):
    return lambda name, content: content.replace(old, new) if name.endswith("manifest.yaml") else content


def hostile_bundles(good, folder):
    """{name: file}; those of the same manifest or the same graphs are the good one with one thing changed."""
    content, tar = good.read_bytes(), lambda name: folder / f"{name}.tar"
    for name, bytes_ in {"cut off": content[: len(content) // 2], "no archive": b"not a tar " * 500, "empty": b""}.items():
        tar(name).write_bytes(bytes_)
    with tarfile.open(good) as whole:
        members = [(member.name, whole.extractfile(member).read()) for member in whole]
    with tarfile.open(tar("extra files"), "w") as extra, tarfile.open(tar("a file twice"), "w") as twice:
        beside = [("tiny/.verified", b"sha256 forged\n"), ("tiny/onnx/extra.onnx", b"x"), ("tiny/.default", b"tiny\n")]
        for out, listed in ((extra, members + beside), (twice, members + members[-1:])):
            for name, bytes_ in listed:
                member = tarfile.TarInfo(name)
                member.size = len(bytes_)
                out.addfile(member, io.BytesIO(bytes_))
    entries(tar("bomb"), ("tiny/zeros", {"size": 100_000_000}), mode="w:gz")
    entries(tar("5,000 entries"), *[(f"tiny/{i}", {}) for i in range(5000)])
    entries(tar("outside"), ("../../evil", {"size": 3}))
    entries(tar("outside, later"), ("tiny/../../../evil", {"size": 3}))
    entries(tar("absolute"), (f"{folder}/evil", {"size": 3}))
    entries(tar("link"), ("link", {"type": tarfile.SYMTYPE, "linkname": str(folder)}), ("link/evil", {"size": 3}))
    entries(tar("hard link"), ("hard", {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"}))
    entries(tar("device"), ("device", {"type": tarfile.CHRTYPE}))
    entries(tar("pipe"), ("pipe", {"type": tarfile.FIFOTYPE}))
    entries(tar("no manifest"), ("tiny/readme", {"size": 3}))
    flip = lambda name, b: b[:-1] + bytes([b[-1] ^ 1]) if name.endswith("vision_model.onnx") else b
    replaced = lambda text: lambda name, b: text if name.endswith("manifest.yaml") else b
    for name, change in {
        "flipped weight": flip,
        "wrong hash": in_manifest(b'sha256: "', b'sha256: "' + b"0" * 64 + b'" # "'),
        "another scale": in_manifest(b"logit_scale: 14", b"logit_scale: 15"),
        "other preprocessing": in_manifest(b"mean: [0.4", b"mean: [0.1"),
        "file elsewhere": in_manifest(b"onnx/vision_model.onnx", b"../vision_model.onnx"),
        "newer schema": replaced(b"schema: 99\n"),
        "huge manifest": replaced(b"# " + b"x" * 20_000_000 + b"\nschema: 1\n"),
        "deep manifest": replaced(b"schema: " + b"[" * 100_000),
        "manifest of aliases": replaced(b"a: &a [x, x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (i, i) for i in range(50))),
    }.items():
        repack(good, tar(name), change)
    return sorted(path for path in folder.glob("*.tar") if path != good)


def test_hostile_bundles_are_refused(run, imported, tmp_path, environment, capsys):
    """The table of what each got: pytest -q tests/cli/test_models_commands.py -k hostile"""
    run("models", "export", "tiny", tmp_path / "good.tar")
    with tarfile.open(tmp_path / "good.tar") as good:
        ours = {name.removeprefix("tiny/") for name in good.getnames()}
    run("models", "rm", "tiny")
    files = hostile_bundles(tmp_path / "good.tar", tmp_path)
    accepted = []
    for file in files:
        result = subprocess.run([BINARY, "models", "import", file], capture_output=True, text=True, timeout=120, env=environment)
        message = next((line for line in result.stderr.splitlines() if line.startswith("hailo-clip: ")), "")
        got = message.replace(str(tmp_path), "")[:170] if result.returncode else "installed"
        with capsys.disabled():
            print(f"\n{file.stem:20} {result.returncode} {got}", end="")
        if result.returncode == 0:
            accepted.append(file.stem)
            installed = models_folder(tmp_path) / "tiny"
            assert {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()} == ours
            run("models", "rm", "tiny")
        assert result.returncode in (0, 2, 3) and bool(message) == (result.returncode != 0)
        assert list(models_folder(tmp_path).iterdir()) == []
    # A scale that fits its manifest is a setting, not damage; its fingerprint tells it apart. What the manifest does not
    # name is not installed.
    assert accepted == ["another scale", "extra files"] and len(files) == 24
    assert not (tmp_path / "evil").exists() and not list(tmp_path.parent.glob("evil"))


@pytest.mark.parametrize("from_tar", [False, True], ids=["folder", "tar"])
def test_imports_that_are_killed_leave_no_broken_model(run, imported, published, tmp_path, environment, from_tar, capsys):
    run("models", "export", "tiny", tmp_path / "tiny.tar")
    run("models", "rm", "tiny")
    source = tmp_path / "tiny.tar" if from_tar else published
    begun = time.monotonic()
    run("models", "import", source)
    whole = time.monotonic() - begun  # about how long an import takes here
    seed = random.Random(25 + from_tar)
    installed = absent = 0
    rounds = 25 if os.environ.get("HC_TEST_PRESET", "release") == "release" else 3  # sanitizers are slow
    for _ in range(rounds):
        shutil.rmtree(models_folder(tmp_path), ignore_errors=True)
        process = subprocess.Popen([BINARY, "models", "import", source], env=environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(seed.uniform(0.4, 1.3) * whole)  # where it is killed is the point, not how fast it is
        process.send_signal(signal.SIGKILL)
        process.wait()
        listed = run("models", "list")  # status 0: no broken folder
        if "tiny" in listed.stdout:
            run("models", "verify", "tiny")
            installed += 1
        else:
            absent += 1
    with capsys.disabled():
        print(f"\n{rounds} imports killed: {installed} complete and verified, {absent} absent, 0 broken")
    assert installed + absent == rounds
