"""Lays out the tiny published models of tests/data/models as a download would be."""
import shutil
import sys

from conftest import ROOT

sys.path.append(str(ROOT / "bench"))
from lower_precision import write_fp16, write_int8  # noqa: E402

DATA = ROOT / "tests/data"
CLIP = DATA / "clip/tokenizer.json"
# The tokenizer that each layout ships, and where; the repository has every file once.
TOKENIZERS = {
    "xenova": (CLIP, "tokenizer.json"),
    "combined": (CLIP, "tokenizer.json"),
    "immich": (CLIP, "textual/tokenizer.json"),
    "resnet": None,
    "siglip": (DATA / "sentencepiece/letters.model", "spiece.model"),
}
LAYOUTS = list(TOKENIZERS)


def lower(folder, precision):
    """Leaves only the graphs of that precision, under the names that exporters give them."""
    for graph in list(folder.rglob("*.onnx")):
        target = graph.with_name(f"{graph.stem}_{precision.removesuffix('-inputs')}.onnx")
        if precision == "int8":
            write_int8(graph, target)
        else:
            write_fp16(graph, target, float16_inputs=precision == "fp16-inputs")
        graph.unlink()


def lay_out(layout, folder):
    shutil.copytree(DATA / "models" / layout, folder)
    if TOKENIZERS[layout]:
        source, name = TOKENIZERS[layout]
        shutil.copy(source, folder / name)
    return folder
