"""verify, default, rm, export and import of a bundle; imports that are killed."""
import io
import os
import pathlib
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


def test_hostile_bundles_are_refused(run, imported, tmp_path, capsys):
    run("models", "export", "tiny", tmp_path / "good.tar")
    run("models", "rm", "tiny")
    good = (tmp_path / "good.tar").read_bytes()
    hostile = {
        "cut off": good[: len(good) // 2],
        "no archive": b"not a tar " * 500,
        "empty": b"",
    }
    for name, content in hostile.items():
        (tmp_path / f"{name}.tar").write_bytes(content)

    def entry(stem, name, mode="w", **fields):
        member = tarfile.TarInfo(name)
        for key, value in fields.items():
            setattr(member, key, value)
        file = tmp_path / f"{stem}.tar"
        with tarfile.open(file, mode) as tar:
            tar.addfile(member, io.BytesIO(b"\0" * member.size))
        return file

    files = [tmp_path / f"{name}.tar" for name in hostile]
    files += [entry("bomb", "tiny/zeros", "w:gz", size=100_000_000), entry("outside", "../../evil", size=3),
              entry("absolute", "/tmp/evil", size=3), entry("link", "link", type=tarfile.SYMTYPE, linkname="/etc"),
              entry("hard link", "hard", type=tarfile.LNKTYPE, linkname="/etc/passwd"),
              entry("device", "device", type=tarfile.CHRTYPE)]
    changes = {
        "flipped weight": lambda name, b: b[:-1] + bytes([b[-1] ^ 1]) if name.endswith("vision_model.onnx") else b,
        "another scale": lambda name, b: b.replace(b"logit_scale: 14", b"logit_scale: 15") if name.endswith("manifest.yaml") else b,
        "other preprocessing": lambda name, b: b.replace(b"mean: [0.4", b"mean: [0.1") if name.endswith("manifest.yaml") else b,
        "file elsewhere": lambda name, b: b.replace(b"onnx/vision_model.onnx", b"../vision_model.onnx") if name.endswith("manifest.yaml") else b,
        "newer schema": lambda name, b: b"schema: 99\n" if name.endswith("manifest.yaml") else b,
    }
    for name, change in changes.items():
        repack(tmp_path / "good.tar", tmp_path / f"{name}.tar", change)
        files.append(tmp_path / f"{name}.tar")
    accepted = []
    for file in files:
        result = subprocess.run([BINARY, "models", "import", file], capture_output=True, text=True, timeout=120,
                                env={"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")})
        message = result.stderr.strip().splitlines()[-1]
        with capsys.disabled():
            print(f"\n{file.stem:22} {result.returncode} {message.replace(str(tmp_path), '')[:160]}", end="")
        if result.returncode == 0:
            accepted.append(file.stem)
            run("models", "rm", "tiny")
        assert result.returncode in (0, 2, 3) and message.startswith("hailo-clip: ") != (result.returncode == 0)
        assert list(models_folder(tmp_path).iterdir()) == []
    # A scale that fits its manifest is a setting, not damage; its fingerprint tells it apart.
    assert accepted == ["another scale"]
    assert not pathlib.Path("/tmp/evil").exists() and not (tmp_path / "evil").exists()


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
