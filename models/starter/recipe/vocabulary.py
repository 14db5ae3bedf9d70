"""Which of WordNet's nouns the text side learns: names of things that can be in a photo."""
import dataclasses

from wordnet import Synset, WordNet

LEMMAS_A_SYNSET = 6
PERSON, PLANT = 18, 20
THINGS = {5, 6, 13, 15, 17, PLANT}  # lexicographer files animal, artifact, food, location, object, plant
# act, attribute, communication, event, group, phenomenon, shape, state, substance, time: only what people write about
IF_TAGGED = {4, 7, 10, 11, 14, 19, 25, 26, 27, 28}


@dataclasses.dataclass
class Vocabulary:
    wordnet: WordNet
    classes: list[int]  # the offsets of the 1000 classes, in the order of the backbone's output
    synsets: list[int]  # offsets, all that is learned: `classes`, their ancestors and the others

    def lemmas(self, offset: int) -> list[str]:
        return self.wordnet.synsets[offset].lemmas[:LEMMAS_A_SYNSET]

    def described(self, offset: int) -> str:
        """ "lemma, lemma: gloss" """
        return ", ".join(self.lemmas(offset)) + ": " + self.wordnet.synsets[offset].short_gloss


def select(wordnet: WordNet, wnids: list[str]) -> Vocabulary:
    classes = [int(wnid[1:]) for wnid in wnids]
    physical = wordnet.named("physical entity")
    excluded = {wordnet.named("taxonomic group"), wordnet.named("biological group")}
    wanted = {ancestor for offset in classes for ancestor in wordnet.ancestors(offset)}
    for offset, synset in wordnet.synsets.items():
        ancestors = wordnet.ancestors(offset)
        if not synset.is_instance and not excluded & ancestors and is_wanted(synset, physical in ancestors):
            wanted.add(offset)
    return Vocabulary(wordnet, classes, sorted(wanted))


def is_wanted(synset: Synset, is_physical: bool) -> bool:
    usual = synset.tag_count > 0
    first = synset.lemmas[0]
    if synset.file_number == PERSON:
        return usual or (len(synset.lemmas) > 1 and first[0].islower())
    if synset.file_number == PLANT:  # thousands of species: those with an English name
        return usual or (first[0].islower() and len(first) < 22)
    if is_physical or synset.file_number in THINGS:
        return True
    return synset.file_number in IF_TAGGED and usual
