#!/usr/bin/env python3
"""Makes the starter model.

    python3 -m venv VENV && VENV/bin/pip install --require-hashes -r models/starter/recipe/requirements.txt
    VENV/bin/python models/starter/recipe/build.py --out DIR [--cache DIR] [--steps N]
    build/release/bin/hailo-clip models seal DIR

Writes image.onnx, text.onnx, merges.txt and manifest.yaml into DIR; `models seal` records the self-test vectors. Needs
pip, and for WordNet apt-get and dpkg (Debian, Ubuntu). No picture takes part. Every slow step is kept in the cache: a
build that was stopped goes on where it was.
"""
import argparse
import pathlib

import jax
import numpy as np

import backbone
import codes
import export
import manifest
import sources
import tower
import train
from lexicon import Lexicon
from sampler import Sampler
from semantics import Semantics
from stages import Stages
from targets import Targets
from tokenizer import Tokenizer, shortened_merges
from vocabulary import select
from wordnet import WordNet

HERE = pathlib.Path(__file__).resolve().parent
SEED = 0
REVISION = "recipe-1"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for the model")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path.home() / ".cache/hailo-clip-recipe")
    parser.add_argument("--steps", type=int, default=3000, help="of training, 128 texts each (default 3000)")
    return parser.parse_args()


def trained_tower(steps: int, semantics: Semantics, sampler: Sampler, tokenizer: Tokenizer, stages: Stages) -> dict:
    groups = sampler.groups.values()
    depends_on = (steps, SEED, *(group.linear for group in groups), *(group.texts for group in groups))

    def run():
        start = tower.initial(semantics.tokens, np.random.default_rng(SEED))
        classes = sampler.codes.place(sampler.codes.both)
        return train.train(start, sampler, tokenizer, classes, steps, stages, stages.path("training", *depends_on))

    return stages.arrays("tower", depends_on, run)


def main() -> None:
    options = arguments()
    stages = Stages(options.cache / "stages")
    jax.config.update("jax_compilation_cache_dir", str(options.cache / "compiled"))
    sources.fetch(options.cache)
    wordnet = WordNet(sources.wordnet_folder(options.cache))
    vocabulary = select(wordnet, (HERE / "wnids.txt").read_text().split())
    merges = shortened_merges(sources.read(options.cache, "open_clip", ".txt.gz"))
    tokenizer = Tokenizer(merges)
    semantics = Semantics(vocabulary, tokenizer, options.cache, stages)
    stages.say("codes of the classes")
    net = backbone.load(sources.read(options.cache, "efficientnet", ".pth"))
    meaning = codes.Meaning(vocabulary, semantics)
    code = codes.make(net.classifier, meaning)
    stages.say("places of the texts")
    targets = Targets(vocabulary, code, meaning)
    groups = targets.groups(Lexicon(HERE / "lexicon.txt"))
    stages.say("texts: " + ", ".join(f"{len(group.texts)} {name}" for name, group in groups.items()))
    sampler = Sampler(groups, code, SEED)
    parameters = trained_tower(options.steps, semantics, sampler, tokenizer, stages)

    options.out.mkdir(parents=True, exist_ok=True)
    export.write_image(options.out / "image.onnx", net, code)
    export.write_text(options.out / "text.onnx", parameters, tokenizer)
    (options.out / "merges.txt").write_text(merges)
    manifest.write(options.out, REVISION)
    size = sum((options.out / file).stat().st_size for file in ("image.onnx", "text.onnx", "merges.txt"))
    stages.say(f"{options.out}: {size / 1e6:.1f} MB; next: hailo-clip models seal {options.out}")


if __name__ == "__main__":
    main()
