"""Runs the real program as a person would. HC_TEST_BINARY names it."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("HC_TEST_BINARY", ROOT / "build/release/bin/hailo-clip"))
IMAGES = ROOT / "tests/data/images"


@pytest.fixture
def environment(tmp_path):
    """Nothing of this machine's configuration, keys or models is seen."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HAILO_CLIP_")}
    return {**kept, "XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path),
            "HAILO_CLIP_SERVER_KEYS_FILE": str(tmp_path / "keys")}


@pytest.fixture
def run(environment, tmp_path):
    def run(*arguments, status=0, env=None, cwd=None):
        result = subprocess.run([str(BINARY), *map(str, arguments)], capture_output=True, text=True, timeout=240,
                                env={**environment, **(env or {})}, cwd=cwd or tmp_path)
        assert result.returncode == status, f"{result.returncode}: {result.stdout}\n{result.stderr}"
        return result

    return run


def pytest_addoption(parser):
    parser.addoption("--every-tensor", action="store_true", help="the self-test against every weight tensor, not a sample")
