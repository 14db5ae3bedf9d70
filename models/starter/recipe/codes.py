"""Places of the 1000 classes in the spaces that pictures and texts share.

Notation: rows are classes; unit(x) = rows of x at length 1. Everything follows from the classifier's weights and
WordNet; no picture takes part.
"""
import dataclasses

import numpy as np
from semantics import Semantics
from vocabulary import Vocabulary

VISUAL = 256  # dimensions of both codes
SECOND_BLOCK = 0.8  # weight of raw visual features against recognised classes
TEMPERATURE = 0.06  # of the softmax that spreads an unseen thing over the classes


def unit(x: np.ndarray) -> np.ndarray:
    return x / (np.linalg.norm(x, axis=-1, keepdims=True) + 1e-9)


@dataclasses.dataclass
class Codes:
    projection: np.ndarray  # P [1280, 256]: features to the 256 directions in which the classes differ most
    visual: np.ndarray  # V [1000, 256]: unit(unit(W - mean) P)
    joint: np.ndarray  # E [1000, 256]: looks, definition and ancestors together

    def place(self, linear: np.ndarray) -> np.ndarray:
        """[n, 512] = q [E | V] of distributions q over classes -> unit vectors of the shared space."""
        return unit(np.concatenate([unit(linear[:, :VISUAL]), SECOND_BLOCK * unit(linear[:, VISUAL:])], axis=1))

    @property
    def both(self) -> np.ndarray:
        return np.concatenate([self.joint, self.visual], axis=1)


class Meaning:
    """Three views of what a synset means, each centred on the 1000 classes: name, definition, ancestors."""

    def __init__(self, vocabulary: Vocabulary, semantics: Semantics):
        self.vocabulary, self.semantics = vocabulary, semantics
        wordnet = vocabulary.wordnet
        above = [wordnet.ancestors(offset) for offset in vocabulary.classes]
        self.column = {ancestor: i for i, ancestor in enumerate(sorted(set().union(*above)))}
        below = np.zeros(len(self.column))  # classes below each ancestor
        for ancestors in above:
            below[[self.column[ancestor] for ancestor in ancestors]] += 1
        self.rarity = np.sqrt(np.log(len(above) / below) + 1e-3)
        self.means = [view.mean(0) for view in self.raw(vocabulary.classes)]
        self.names, self.definitions, self.ancestors = self.of(vocabulary.classes)

    def raw(self, offsets: list[int]) -> list[np.ndarray]:
        lemmas, definition = self.semantics.lemma, self.semantics.definition
        names = [np.mean([lemmas[lemma.lower()] for lemma in self.vocabulary.lemmas(o)], axis=0) for o in offsets]
        ancestors = np.zeros((len(offsets), len(self.column)), np.float32)
        for row, offset in enumerate(offsets):
            known = [self.column[a] for a in self.vocabulary.wordnet.ancestors(offset) if a in self.column]
            ancestors[row, known] = self.rarity[known]
        return [unit(np.array(names)), np.array([definition[o] for o in offsets]), unit(ancestors)]

    def of(self, offsets: list[int]) -> list[np.ndarray]:
        return [unit(view - mean) for view, mean in zip(self.raw(offsets), self.means)]

    def like_classes(self, offsets: list[int]) -> np.ndarray:
        """[n, 1000]: which of the classes a photo of such a thing would be taken for."""
        classes = (self.names, self.definitions, self.ancestors)
        alike = sum(view @ of_classes.T for view, of_classes in zip(self.of(offsets), classes)) / 3
        odds = np.exp((alike - alike.max(axis=1, keepdims=True)) / TEMPERATURE)
        return odds / odds.sum(axis=1, keepdims=True)


def make(classifier: np.ndarray, meaning: Meaning) -> Codes:
    centred = classifier - classifier.mean(0)
    projection = np.linalg.svd(centred, full_matrices=False)[2][:VISUAL].T
    visual = unit(unit(centred) @ projection)
    views = (visual, meaning.definitions, meaning.ancestors)
    values, vectors = np.linalg.eigh(sum(view @ view.T for view in views) / 3)
    joint = unit(vectors[:, -VISUAL:] * np.sqrt(values[-VISUAL:]))
    return Codes(projection.astype(np.float32), visual.astype(np.float32), joint.astype(np.float32))
