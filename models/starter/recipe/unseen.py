#!/usr/bin/env python3
"""How well the text side places names that it never saw in training. No pictures needed.

    VENV/bin/python models/starter/recipe/unseen.py MODEL_DIR [MODEL_DIR ...] [--cache DIR] [--each]

The sampler draws neither names of single things ("Krakatau", "Brooklyn Bridge") nor what comes after the sixth name of a
synset. Those whose synset is one of the 1000 classes or below just one are asked for as "a photo of NAME": which class is
nearest, of those that have such names and of all? Names that hold a word of the class's own names are counted apart:
they only show that the rest of the name does no harm. This is not the measure "class names kept out of the
training", which needs a training of its own.
"""
import argparse
import pathlib

import numpy as np

import sources
import tower
from measure import Model
from vocabulary import select
from wordnet import WordNet

HERE = pathlib.Path(__file__).resolve().parent


def unseen(vocabulary, lexicon: str) -> list[tuple[str, int]]:
    """(name, class)"""
    wordnet, classes = vocabulary.wordnet, {offset: c for c, offset in enumerate(vocabulary.classes)}
    seen = {lemma.lower() for offset in vocabulary.synsets for lemma in vocabulary.lemmas(offset)}
    found = []
    for offset, synset in wordnet.synsets.items():
        above = wordnet.ancestors(offset) & set(classes)
        if len(above) == 1:
            names = [lemma for lemma in synset.lemmas if lemma.lower() not in seen and lemma.lower() not in lexicon]
            found += [(name, classes[min(above)]) for name in names]
    return found


def words(text: str) -> set[str]:
    return set(text.lower().replace("-", " ").split())


def measure(model: Model, names: list[tuple[str, int]], vocabulary, each: bool) -> dict[str, float]:
    own = np.array([c for _, c in names])
    cosines = model.encode([f"a photo of {name}" for name, _ in names])[:, : tower.OUT] @ model.classes.T
    among = sorted(set(own))
    best, best_among = cosines.argmax(1), np.array(among)[cosines[:, among].argmax(1)]
    told = np.array([bool(words(name) & words(" ".join(vocabulary.lemmas(vocabulary.classes[c])))) for name, c in names])
    if each:
        first = lambda c: vocabulary.lemmas(vocabulary.classes[c])[0]
        for (name, c), nearest in zip(names, best_among):
            print(f"{name:<40} {first(c):<24} {first(nearest)}")
    rows = {}
    for kind, which in (("the class's word in it", told), ("without it", ~told)):
        rows[f"{which.sum()} names, {kind}: of {len(among)}"] = float((best_among == own)[which].mean())
        rows[f"{which.sum()} names, {kind}: of 1000"] = float((best == own)[which].mean())
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=pathlib.Path, nargs="+")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path.home() / ".cache/hailo-clip-recipe")
    parser.add_argument("--each", action="store_true", help="a line a name: its class and the nearest")
    options = parser.parse_args()
    sources.fetch(options.cache)
    vocabulary = select(WordNet(sources.wordnet_folder(options.cache)), (HERE / "wnids.txt").read_text().split())
    names = unseen(vocabulary, (HERE / "lexicon.txt").read_text().lower())
    columns = [measure(Model(folder), names, vocabulary, options.each) for folder in options.models]
    print(f"{'':<52}" + "".join(f"{folder.name:>12}" for folder in options.models))
    for row in columns[0]:
        print(f"{row:<52}" + "".join(f"{column[row]:>12.3f}" for column in columns))


if __name__ == "__main__":
    main()
