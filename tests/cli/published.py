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
PIECES = DATA / "sentencepiece"
# Other text towers (tests/data/models/make_towers.py), and which files of others they come with.
TOWERS = {
    "dual-bert": {"onnx/vision_model.onnx": DATA / "models/xenova/onnx/vision_model.onnx", "vocab.txt": DATA / "bert/vocab.txt"},
    "dual-xlm-roberta": {"onnx/vision_model.onnx": DATA / "models/xenova/onnx/vision_model.onnx",
                         "tokenizer.json": PIECES / "xlm_roberta.json"},
    "siglip2": {"onnx/vision_model.onnx": DATA / "models/siglip/onnx/vision_model.onnx", "tokenizer.json": PIECES / "gemma.json"},
    "m-clip": {"visual/model.onnx": DATA / "models/immich/visual/model.onnx", "textual/tokenizer.json": PIECES / "xlm_roberta.json"},
    "nllb-clip": {"visual/model.onnx": DATA / "models/immich/visual/model.onnx", "textual/tokenizer.json": PIECES / "nllb.json"},
}


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
    for name, source in TOWERS.get(layout, {}).items():
        shutil.copy(source, folder / name)
    if TOKENIZERS.get(layout):
        source, name = TOKENIZERS[layout]
        shutil.copy(source, folder / name)
    return folder
