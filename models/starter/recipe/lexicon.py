"""Everyday words (lexicon.txt, whose head explains the format) as distributions over the 1000 classes.

A word that WordNet knows to have classes below it ("car", "hat") is blended with them, the more the more they are.
"""
import pathlib
import re

import numpy as np

BLEND_A_CLASS, MOST_BLEND = 0.05, 0.5  # share of WordNet's answer: so much for each class below, and at most
USUAL_SENSES = 3  # "wind" as a kind of instrument comes after them


class Lexicon:
    def __init__(self, path: pathlib.Path):
        lines = [line.strip() for line in path.read_text().splitlines()]
        self.rows = [parse_row(line) for line in lines if line and not line.startswith("#")]

    def phrases(self, targets) -> dict[str, tuple[np.ndarray, bool]]:
        """phrase: (q [E | V], whether it is its row's first). A phrase that stands in several rows gets the first."""
        found = {}
        names = ClassNames(targets)
        for phrases, weighted in self.rows:
            q = sum(weight * names.distribution(name) for name, weight in weighted)
            q /= q.sum()
            blended_first = self.blend(q, phrases[0], targets)
            for phrase in phrases:
                blended = self.blend(q, phrase, targets)
                own = blended if blended is not None else blended_first if blended_first is not None else q
                found.setdefault(phrase, (own @ targets.of_class, phrase == phrases[0]))
        return found

    def blend(self, q: np.ndarray, phrase: str, targets) -> np.ndarray | None:
        """None if WordNet knows no class below a usual sense of the phrase."""
        senses = [o for o in targets.wordnet.senses.get(phrase, [])[:USUAL_SENSES] if o in targets.below]
        if not senses:
            return None
        below = targets.below[senses[0]]
        share = min(MOST_BLEND, BLEND_A_CLASS * len(below))
        blended = (1 - share) * q
        blended[below] += share / len(below)
        return blended


def parse_row(line: str) -> tuple[list[str], list[tuple[str, float]]]:
    phrases, _, classes = line.partition(" = ")
    weighted = []
    for item in classes.split(","):
        name, weight = re.fullmatch(r"(.+?)(?: (\d+))?", item.strip()).groups()
        weighted.append((name, float(weight or 1)))
    return [phrase.strip().lower() for phrase in phrases.split(",")], weighted


class ClassNames:
    def __init__(self, targets):
        self.targets = targets
        self.named: dict[str, list[int]] = {}  # those with it as their first name before the others
        for position in range(12):
            for c, offset in enumerate(targets.vocabulary.classes):
                lemmas = targets.wordnet.synsets[offset].lemmas
                if position < len(lemmas):
                    self.named.setdefault(lemmas[position].lower(), []).append(c)

    def distribution(self, name: str) -> np.ndarray:
        """q of a class's name, of name@k, or of @word."""
        q = np.zeros(len(self.targets.vocabulary.classes), np.float32)
        if name.startswith("@"):
            below = [self.targets.below[o] for o in self.targets.wordnet.senses[name[1:]] if o in self.targets.below]
            q[below[0]] = 1 / len(below[0])
            return q
        name, _, which = name.lower().partition("@")
        if name not in self.named:
            raise ValueError(f"lexicon.txt: no class has the name '{name}'")
        q[self.named[name][int(which or 1) - 1]] = 1
        return q
