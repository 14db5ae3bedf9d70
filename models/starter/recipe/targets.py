"""What a photo of each named thing shows: every text of the vocabulary as a distribution q over the 1000 classes.

Distributions are kept as q [E | V] (512 numbers, linear in q), which is all that Codes.place needs.
"""
import collections
import dataclasses

import numpy as np
from codes import Codes, Meaning
from lexicon import Lexicon
from vocabulary import Vocabulary

DESCENDANTS_COUNT = 4  # a sense with classes below it counts so much more than one without
BELOW_A_CLASS = 0.7  # of a kind of a class: what it shares with that class
FIRST_LEMMA = 3  # of a name that several classes have: those that have it as their first name count so much more
GLOSS_WORDS = 14


@dataclasses.dataclass
class Group:
    texts: list[str]
    linear: np.ndarray  # [n, 512]
    weight: np.ndarray  # [n], how often each is drawn

    @staticmethod
    def of(rows: list[tuple[str, np.ndarray, float]]) -> "Group":
        texts, linear, weight = zip(*rows)
        return Group(list(texts), np.array(linear, np.float32), np.array(weight))


class Targets:
    def __init__(self, vocabulary: Vocabulary, codes: Codes, meaning: Meaning):
        self.vocabulary, self.wordnet = vocabulary, vocabulary.wordnet
        self.class_at = {offset: i for i, offset in enumerate(vocabulary.classes)}
        self.below: dict[int, list[int]] = collections.defaultdict(list)  # offset: classes below it
        for offset, c in self.class_at.items():
            for ancestor in self.wordnet.ancestors(offset):
                self.below[ancestor].append(c)
        self.of_class = codes.both
        self.of_synset = dict(zip(vocabulary.synsets, self.place_synsets(meaning)))

    def place_synsets(self, meaning: Meaning) -> np.ndarray:
        """[synsets, 512]"""
        offsets = self.vocabulary.synsets
        linear = np.zeros((len(offsets), self.of_class.shape[1]), np.float32)
        for start in range(0, len(offsets), 4096):
            some = offsets[start : start + 4096]
            linear[start : start + 4096] = meaning.like_classes(some) @ self.of_class
        for row, offset in enumerate(offsets):
            if offset in self.below:
                linear[row] = self.of_class[self.below[offset]].mean(0)
                continue
            parents = [self.class_at[a] for a in self.wordnet.ancestors(offset) if a in self.class_at]
            if parents:
                shared = self.of_class[parents].mean(0)
                linear[row] = BELOW_A_CLASS * shared + (1 - BELOW_A_CLASS) * linear[row]
        return linear

    def classes_named(self) -> dict[str, dict[int, float]]:
        """lower-case lemma: {class: share}"""
        named = collections.defaultdict(dict)
        for offset, c in self.class_at.items():
            for position, lemma in enumerate(self.vocabulary.lemmas(offset)):
                named[lemma.lower()][c] = FIRST_LEMMA if position == 0 else 1
        return {lemma: {c: share / sum(of.values()) for c, share in of.items()} for lemma, of in named.items()}

    def groups(self, lexicon: Lexicon) -> dict[str, Group]:
        rows = collections.defaultdict(list)  # group: (text, linear, weight)
        phrases = lexicon.phrases(self)
        classes = self.classes_named()
        for lemma, shares in classes.items():
            linear = sum(share * self.of_class[c] for c, share in shares.items())
            is_first = any(self.vocabulary.lemmas(self.vocabulary.classes[c])[0].lower() == lemma for c in shares)
            rows["class"].append((lemma, linear, 2.0 if is_first else 1.0))
        for phrase, (linear, is_first) in phrases.items():
            if phrase not in classes:
                rows["lexicon"].append((phrase, linear, 1.5 if is_first else 1.0))
        for lemma, senses in self.senses_of_lemmas().items():
            if lemma not in classes and lemma not in phrases:
                group = "hypernym" if any(offset in self.below for offset, _, _ in senses) else "noun"
                tags = sum(tag for _, tag, _ in senses)
                rows[group].append((lemma, self.mixture(senses), np.sqrt(tags + 1)))
        for offset in self.vocabulary.synsets:
            synset = self.wordnet.synsets[offset]
            gloss = caption_of_gloss(synset.short_gloss)
            weight = 6.0 if offset in self.class_at else 1 + np.sqrt(synset.tag_count)
            if gloss:
                rows["gloss"].append((gloss, self.of_synset[offset], weight))
        return {name: Group.of(some) for name, some in rows.items()}

    def senses_of_lemmas(self) -> dict[str, list[tuple[int, int, int]]]:
        """lower-case lemma: (offset, times tagged, position in the synset) of each sense"""
        senses = collections.defaultdict(list)
        for offset in self.vocabulary.synsets:
            tags = self.wordnet.synsets[offset].tags
            for position, lemma in enumerate(self.vocabulary.lemmas(offset)):
                senses[lemma.lower()].append((offset, tags[position], position))
        return senses

    def mixture(self, senses: list[tuple[int, int, int]]) -> np.ndarray:
        weights = [
            (tag + 1) * (DESCENDANTS_COUNT if offset in self.below else 1) / (1 + position / 2)
            for offset, tag, position in senses
        ]
        return np.average([self.of_synset[offset] for offset, _, _ in senses], axis=0, weights=weights)


def caption_of_gloss(gloss: str) -> str:
    """The first words, without a remark in brackets at the beginning."""
    if gloss.startswith("("):
        gloss = gloss.partition(")")[2]
    return " ".join(gloss.split()[:GLOSS_WORDS])
