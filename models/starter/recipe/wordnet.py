"""WordNet 3.0's nouns: senses, glosses, what is a kind of what, and how often each sense was met in tagged text."""
import dataclasses
import functools
import pathlib
import re


@dataclasses.dataclass
class Synset:
    offset: int  # WordNet 3.0's own number; ImageNet's "n01440764" is 'n' and this number
    file_number: int  # lexicographer file: 5 animal, 6 artifact, 18 person, ...
    lemmas: list[str]  # as written, spaces for underscores, the usual word first
    tags: list[int]  # a lemma: how often it was met with this sense
    hypernyms: list[int]  # offsets of what this is a kind or an instance of
    is_instance: bool  # a certain city, person, ...
    gloss: str

    @property
    def tag_count(self) -> int:
        return sum(self.tags)

    @property
    def short_gloss(self) -> str:
        """The definition, without examples and second thoughts."""
        return re.split('[;"]', self.gloss)[0].strip()


class WordNet:
    def __init__(self, folder: pathlib.Path):
        tags = read_tag_counts(folder / "cntlist.rev")
        self.synsets: dict[int, Synset] = {}
        for line in (folder / "data.noun").read_text(encoding="ascii").splitlines():
            if not line.startswith("  "):  # the licence at the top
                synset = parse_synset(line, tags)
                self.synsets[synset.offset] = synset
        self.senses: dict[str, list[int]] = {}  # lower-case lemma: offsets, most usual sense first
        for line in (folder / "index.noun").read_text(encoding="ascii").splitlines():
            if not line.startswith("  "):
                fields = line.split()
                count = int(fields[2])
                self.senses[fields[0].replace("_", " ")] = [int(offset) for offset in fields[-count:]]

    @functools.cache
    def ancestors(self, offset: int) -> frozenset[int]:
        """The synset itself and everything that it is a kind of."""
        found = {offset}
        for hypernym in self.synsets[offset].hypernyms:
            found |= self.ancestors(hypernym)
        return frozenset(found)

    def named(self, lemma: str, sense: int = 1) -> int:
        return self.senses[lemma][sense - 1]


def read_tag_counts(path: pathlib.Path) -> dict[tuple[str, int, int], int]:
    """(lower-case lemma with underscores, lexicographer file, number in it): count, of nouns."""
    counts = {}
    for line in path.read_text(encoding="ascii").splitlines():
        key, _, count = line.split()
        lemma, sense = key.split("%")
        part_of_speech, file_number, number = sense.split(":")[:3]
        if part_of_speech == "1":
            counts[lemma, int(file_number), int(number)] = int(count)
    return counts


def parse_synset(line: str, tags: dict[tuple[str, int, int], int]) -> Synset:
    """A line of data.noun: offset file n word_count (word number)... pointer_count (symbol offset pos st)... | gloss"""
    data, gloss = line.split(" | ", 1)
    fields = data.split()
    file_number, word_count = int(fields[1]), int(fields[3], 16)
    words = [(fields[4 + 2 * i], int(fields[5 + 2 * i], 16)) for i in range(word_count)]
    pointers = fields[5 + 2 * word_count :]
    up = [(pointers[i], int(pointers[i + 1])) for i in range(0, len(pointers), 4) if pointers[i] in ("@", "@i")]
    return Synset(
        offset=int(fields[0]),
        file_number=file_number,
        lemmas=[word.replace("_", " ") for word, _ in words],
        tags=[tags.get((word.lower(), file_number, number), 0) for word, number in words],
        hypernyms=[offset for _, offset in up],
        is_instance=any(symbol == "@i" for symbol, _ in up),
        gloss=gloss.strip(),
    )
