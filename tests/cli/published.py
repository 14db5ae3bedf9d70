"""Lays out the tiny published models of tests/data/models as a download would be."""
import shutil

from conftest import ROOT

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


def lay_out(layout, folder):
    shutil.copytree(DATA / "models" / layout, folder)
    if TOKENIZERS[layout]:
        source, name = TOKENIZERS[layout]
        shutil.copy(source, folder / name)
    return folder
