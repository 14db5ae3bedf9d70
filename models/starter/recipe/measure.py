#!/usr/bin/env python3
"""What a starter model's text side knows, without pictures; and how far two models agree on pictures.

    VENV/bin/python models/starter/recipe/measure.py MODEL_DIR [MODEL_DIR ...] [--cache DIR] [--pictures FOLDER]

Prints one column a model. The classes' places are read out of image.onnx itself. names: "a photo of a NAME" for each
class's first name lands nearest to its own class of 1000. other names: the same for second and further names.
coarse: a class's place lies nearest to the broader word that is above it, of COARSE. bare: NAME alone and "a photo of
a NAME" rank the same class first. ms: the fastest of twenty runs on one thread, without preparing the picture.
pictures: FOLDER/<class name>/* get their folder's name first, or among the first five. agreement: the share of them on
which a model and the first one put the same name first, and the mean cosine between their scores over the names.
"""
import argparse
import pathlib
import time

import numpy as np
import onnx
import onnxruntime

import backbone
import pictures
import sources
import tower
from codes import SECOND_BLOCK, VISUAL, unit
from tokenizer import Tokenizer
from vocabulary import select
from wordnet import WordNet

CLASSES = 1000
GRAY = np.zeros((1, 3, backbone.SIDE, backbone.SIDE), np.float32)
COARSE = (
    "dog, domestic cat, bird, fish, snake, lizard, turtle, frog, spider, beetle, butterfly, monkey, ape, bear, fox, "
    "wolf, big cat, rabbit, whale, crab, antelope, car, truck, bus, boat, ship, aircraft, train, bicycle, musical "
    "instrument, furniture, hat, shoe, bag, bottle, ball, weapon, building, computer, telephone, clock, "
    "home appliance, tool, fruit, vegetable, fungus, swimsuit, fence, bridge"
).split(", ")


class Model:
    def __init__(self, folder: pathlib.Path):
        self.tokenizer = Tokenizer((folder / "merges.txt").read_text())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.text = onnxruntime.InferenceSession(str(folder / "text.onnx"), options)
        self.image = onnxruntime.InferenceSession(str(folder / "image.onnx"), options)
        self.classes = class_places(folder / "image.onnx")

    def encode(self, texts: list[str]) -> np.ndarray:
        return unit(np.concatenate([self.text.run(None, {"input_ids": self.ids(text)})[0] for text in texts]))

    def ids(self, text: str) -> np.ndarray:
        return np.array([self.tokenizer.encode(text)], np.int64)

    def look(self, path: pathlib.Path) -> np.ndarray:
        return unit(self.image.run(None, {"pixel_values": pictures.prepared(pictures.load(path))[None]})[0])[0]


def class_places(path: pathlib.Path) -> np.ndarray:
    """[1000, 512], from the three stored matrices of the graph: classifier, joint codes, projection."""
    graph = onnx.load(path).graph
    constants = {constant.name: onnx.numpy_helper.to_array(constant) for constant in graph.initializer}
    produced = {node.output[0]: node for node in graph.node}

    def matrix(shape):
        for node in graph.node:
            source = produced.get(node.input[0]) if node.op_type == "Mul" else None
            if source is not None and source.op_type == "Cast" and constants[source.input[0]].shape == shape:
                return constants[source.input[0]] * constants[node.input[1]]
        raise ValueError(f"{path}: no stored matrix of shape {shape}")

    w = matrix((backbone.FEATURES, CLASSES)).T
    visual = unit(unit(w - w.mean(0)) @ matrix((backbone.FEATURES, VISUAL)))
    return unit(np.concatenate([unit(matrix((CLASSES, VISUAL))), SECOND_BLOCK * visual], axis=1))


def first_k(scores: np.ndarray, truth, k: int) -> float:
    best = np.argsort(-scores, axis=1)[:, :k]
    return float(np.mean([t in row for t, row in zip(truth, best)]))


def fastest_ms(run) -> float:
    times = []
    for _ in range(20):
        start = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


def text_measures(model: Model, vocabulary) -> dict[str, float]:
    wordnet = vocabulary.wordnet
    lemmas = [[lemma.lower() for lemma in vocabulary.lemmas(offset)] for offset in vocabulary.classes]
    owners = {}
    for c, names in enumerate(lemmas):
        for name in names:
            owners.setdefault(name, set()).add(c)
    scores = lambda texts: model.encode(texts)[:, : tower.OUT] @ model.classes.T
    first = [(names[0], c) for c, names in enumerate(lemmas) if len(owners[names[0]]) == 1]
    others = [(name, c) for c, names in enumerate(lemmas) for name in names[1:] if len(owners[name]) == 1]
    of_first = scores([f"a photo of a {name}" for name, _ in first])
    of_others = scores([f"a photo of a {name}" for name, _ in others])
    bare = scores([name for name, _ in first])
    below = lambda offset: sum(offset in wordnet.ancestors(c) for c in vocabulary.classes)
    above = {word: max(wordnet.senses[word], key=below) for word in COARSE}  # the sense meant
    known = []
    for c, offset in enumerate(vocabulary.classes):
        words = [i for i, word in enumerate(COARSE) if above[word] in wordnet.ancestors(offset)]
        if len(words) == 1:
            known.append((c, words[0]))
    to_words = model.classes @ model.encode([f"a photo of a {word}" for word in COARSE])[:, : tower.OUT].T
    return {
        "names, top-1": first_k(of_first, [c for _, c in first], 1),
        "names, top-5": first_k(of_first, [c for _, c in first], 5),
        "other names, top-1": first_k(of_others, [c for _, c in others], 1),
        f"coarse, {len(COARSE)} words": first_k(to_words[[c for c, _ in known]], [word for _, word in known], 1),
        "bare = photo of a": float((bare.argmax(1) == of_first.argmax(1)).mean()),
        "cosine to own class": float(of_first[np.arange(len(first)), [c for _, c in first]].mean()),
        "text of 5 tokens, ms": fastest_ms(lambda: model.encode(["a photo of a dog"])),
        "picture, ms": fastest_ms(lambda: model.image.run(None, {"pixel_values": GRAY})),
    }


def picture_scores(model: Model, folder: pathlib.Path) -> tuple[np.ndarray, list[int]]:
    """[pictures, names], and which of the names each picture has."""
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    texts = model.encode([f"a photo of a {name.replace('_', ' ')}" for name in names])
    files = sorted(path for path in folder.glob("*/*") if path.is_file())
    return np.array([model.look(path) @ texts.T for path in files]), [names.index(path.parent.name) for path in files]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=pathlib.Path, nargs="+")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path.home() / ".cache/hailo-clip-recipe")
    parser.add_argument("--pictures", type=pathlib.Path)
    options = parser.parse_args()
    sources.fetch(options.cache)
    wnids = (pathlib.Path(__file__).resolve().parent / "wnids.txt").read_text().split()
    vocabulary = select(WordNet(sources.wordnet_folder(options.cache)), wnids)
    models = [Model(folder) for folder in options.models]
    columns = [text_measures(model, vocabulary) for model in models]
    if options.pictures:
        measured = [picture_scores(model, options.pictures) for model in models]
        scores = [own for own, _ in measured]
        for column, (own, truth) in zip(columns, measured):
            column["pictures, top-1"] = first_k(own, truth, 1)
            column["pictures, top-5"] = first_k(own, truth, 5)
            column["agreement, top-1"] = float((own.argmax(1) == scores[0].argmax(1)).mean())
            column["agreement, cosine"] = float((unit(own) * unit(scores[0])).sum(1).mean())
    print(f"{'':<24}" + "".join(f"{folder.name:>16}" for folder in options.models))
    for row in columns[0]:
        print(f"{row:<24}" + "".join(f"{column[row]:>16.3f}" for column in columns))


if __name__ == "__main__":
    main()
