#!/usr/bin/env python3
"""Fits the cosine below which none of the prompts fits (`none_of_these_below` of the manifest). No pictures needed.

    VENV/bin/python models/starter/recipe/limit.py MODEL_DIR [--cache DIR]

A class's place stands in for a photo of it, the names of ten classes of quite another kind for prompts that do not fit
(their nearest common ancestor has at least 300 of the 1000 classes below it: "entity", "artifact"). The limit is the
cosine that the best of the ten stays below 19 times of 20, rounded up to a hundredth. A higher share would refuse
photos of things that are not among the classes: those lie nearer to the middle of everything, so that even what fits
them is not near.
"""
import argparse
import math
import pathlib

import numpy as np

import sources
import tower
from measure import Model
from vocabulary import select
from wordnet import WordNet

PROMPTS, DRAWS = 10, 20  # prompts at a time, times for each class
FAR = 300
SHARE = 0.95


def best_of_unrelated(vocabulary, cosines: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """cosines [class, name]"""
    ancestors = [vocabulary.wordnet.ancestors(offset) for offset in vocabulary.classes]
    below = {}
    for above in ancestors:
        for ancestor in above:
            below[ancestor] = below.get(ancestor, 0) + 1
    best = []
    for c, above in enumerate(ancestors):
        near = {ancestor for ancestor in above if below[ancestor] < FAR}
        far = [other for other, theirs in enumerate(ancestors) if not near & theirs]
        best += [cosines[c, random.choice(far, PROMPTS, replace=False)].max() for _ in range(DRAWS)]
    return np.array(best)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path.home() / ".cache/hailo-clip-recipe")
    options = parser.parse_args()
    sources.fetch(options.cache)
    wnids = (pathlib.Path(__file__).resolve().parent / "wnids.txt").read_text().split()
    vocabulary = select(WordNet(sources.wordnet_folder(options.cache)), wnids)
    model = Model(options.model)
    names = [f"a photo of a {vocabulary.lemmas(offset)[0]}" for offset in vocabulary.classes]
    cosines = model.classes @ model.encode(names)[:, : tower.OUT].T
    unrelated = np.quantile(best_of_unrelated(vocabulary, cosines, np.random.default_rng(0)), [0.5, SHARE, 0.99])
    print("best of ten that do not fit, at 50, 95 and 99 %:", " ".join(f"{value:.3f}" for value in unrelated))
    fitting = np.quantile(np.diag(cosines), [0.01, 0.05, 0.5])
    print("the name that fits, at 1, 5 and 50 %:", " ".join(f"{value:.3f}" for value in fitting))
    print(f"none_of_these_below: {math.ceil(100 * unrelated[1]) / 100:.2f}")


if __name__ == "__main__":
    main()
