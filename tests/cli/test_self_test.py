"""The golden self-test must notice one weight tensor of zeros, whichever it is."""
import hashlib
import re
import shutil
import subprocess

import numpy
import onnx
import pytest
from conftest import BINARY, ROOT

STARTER = ROOT / "models/starter"


def weight_tensors(graph):
    """Names of what was learned: everything with more than a handful of values."""
    return [i.name for i in graph.graph.initializer if numpy.prod(i.dims, initial=1) >= 8]


def noticed(tmp_path, environment, file, name):
    folder = tmp_path / "models" / "starter"
    shutil.copytree(STARTER, folder, dirs_exist_ok=True)
    graph = onnx.load(STARTER / file)
    for initializer in graph.graph.initializer:
        if initializer.name == name:
            initializer.raw_data = bytes(len(initializer.raw_data))
    onnx.save(graph, folder / file)
    # The hash would give it away: the manifest is made to agree, so that only the self-test is left to notice.
    digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    manifest = folder / "manifest.yaml"
    text = re.sub(rf"(file: \"?{re.escape(file)}\"?\n\s+sha256: )\S+", rf"\g<1>{digest}", (STARTER / "manifest.yaml").read_text())
    assert digest in text
    manifest.write_text(text)
    result = subprocess.run([BINARY, "embed", "-t", "x", "--set", f"models.dirs={folder.parent}", "--model", "starter"],
                            capture_output=True, text=True, env=environment, timeout=120)
    return result.returncode == 3 and ("self-test failed" in result.stderr or "not finite" in result.stderr)


@pytest.mark.parametrize("file", ["image.onnx", "text.onnx"])
def test_a_tensor_of_zeros_is_noticed(tmp_path, environment, file, request):
    names = weight_tensors(onnx.load(STARTER / file))
    if not request.config.getoption("--every-tensor"):
        names = names[:: max(1, len(names) // 12)]
    missed = [name for name in names if not noticed(tmp_path, environment, file, name)]
    print(f"{file}: {len(names)} tensors zeroed one at a time, {len(names) - len(missed)} noticed")
    assert missed == []
