"""Training texts: names in the sentences that people write about photos, each with its place in the shared space."""
import numpy as np
from codes import Codes
from targets import Group

SHARES = {"class": 0.36, "hypernym": 0.10, "noun": 0.22, "lexicon": 0.12, "gloss": 0.07, "pair": 0.13}
ADJECTIVE, FULL_STOP, AN_BEFORE_VOWEL = 0.18, 0.15, 0.5  # how often
COLOURS = "red orange yellow green blue purple pink brown black white gray".split()
ADJECTIVES = COLOURS + (
    "big small large little tiny huge tall short long wide narrow thick thin round flat old new young antique modern "
    "clean dirty shiny dusty wet dry broken cheap expensive beautiful ugly cute nice lovely plain colorful striped "
    "dark bright wooden metal plastic heavy light soft hard open closed empty full fresh cold warm typical strange"
).split()
# {} is the name, {s} its plural; a line's number is how often it stands in the draw
TEMPLATES = [
    (10, "a photo of a {}"), (1, "a photo of the {}"), (1, "a photo of {}"), (1, "a picture of a {}"),
    (1, "an image of a {}"), (1, "a photo of one {}"), (1, "a photo of my {}"), (1, "a photo of some {s}"),
    (1, "a photo of {s}"), (1, "a photo of many {s}"), (1, "a good photo of a {}"), (1, "a bad photo of a {}"),
    (1, "a blurry photo of a {}"), (1, "a close-up photo of a {}"), (1, "a cropped photo of a {}"),
    (1, "a dark photo of a {}"), (1, "a bright photo of a {}"), (1, "a black and white photo of a {}"),
    (1, "a low resolution photo of a {}"), (1, "a snapshot of a {}"), (1, "a close-up of a {}"), (4, "{}"),
    (1, "{s}"), (1, "a {}"), (1, "the {}"), (1, "two {s}"), (1, "this is a {}"), (1, "there is a {}"),
    (1, "there is a {} in the picture"), (1, "a {} in the background"), (1, "a photo with a {} in it"),
    (1, "a view of a {}"), (1, "a photograph of a {}"), (1, "a {} outdoors"), (1, "a {} indoors"),
]  # fmt: skip
SLOTS = [text for count, text in TEMPLATES for _ in range(count)]
HOLDING = [
    "person with a {}", "a man holding a {}", "a woman with a {}", "a person carrying a {}", "someone using a {}",
]  # fmt: skip
JOINED = [
    "{} and {}", "{} on a {}", "{} in a {}", "{} with a {}", "{} next to a {}", "{} near a {}", "{} in front of a {}",
]  # fmt: skip
GARMENTS = (
    "shirt, t-shirt, dress, skirt, jacket, coat, hat, sweater, suit, scarf, jeans, shorts, hoodie, uniform, helmet, "
    "glasses, boots, shoes, gloves, pajamas, swimsuit, apron, cap, vest, cloak, mask, kimono, backpack, bikini"
).split(", ")
PLURAL_GARMENTS = {"jeans", "shorts", "glasses", "boots", "shoes", "gloves", "pajamas"}


def plural(name: str) -> str:
    if name.endswith(("s", "x", "z", "ch", "sh")):
        return name if name.endswith("s") and not name.endswith("ss") else name + "es"
    if name.endswith("y") and name[-2:-1] not in set("aeiou"):
        return name[:-1] + "ies"
    return name + "s"


class Sampler:
    def __init__(self, groups: dict[str, Group], codes: Codes, seed: int):
        self.groups, self.codes = groups, codes
        self.random = np.random.default_rng(seed)
        self.names = [*groups, "pair"]
        self.shares = np.array([SHARES[name] for name in self.names])
        self.cumulative = {name: np.cumsum(group.weight) / group.weight.sum() for name, group in groups.items()}
        self.place_of = {text: (name, i) for name, group in groups.items() for i, text in enumerate(group.texts)}
        self.garments = [(garment, self.linear(garment)) for garment in GARMENTS if garment in self.place_of]

    def linear(self, text: str) -> np.ndarray:
        group, row = self.place_of[text]
        return self.groups[group].linear[row]

    def draw(self, count: int) -> tuple[list[str], np.ndarray]:
        """Texts, and where they belong: unit vectors [count, 512]."""
        drawn = [self.text() for _ in range(count)]
        return [text for text, _ in drawn], self.codes.place(np.array([linear for _, linear in drawn]))

    def text(self) -> tuple[str, np.ndarray]:
        kind = self.names[self.random.choice(len(self.names), p=self.shares / self.shares.sum())]
        text, linear = self.pair() if kind == "pair" else self.name(kind)
        if kind not in ("gloss", "pair"):
            if kind != "noun" and self.random.random() < ADJECTIVE:
                text = f"{self.choose(ADJECTIVES)} {text}"
            template = self.choose(SLOTS)
            text = template.replace("{s}", plural(text)).replace("{}", text)
        return self.polished(text), linear

    def name(self, group: str) -> tuple[str, np.ndarray]:
        row = int(np.searchsorted(self.cumulative[group], self.random.random()))
        return self.groups[group].texts[row], self.groups[group].linear[row]

    def choose(self, items: list):
        return items[self.random.integers(len(items))]

    def polished(self, text: str) -> str:
        if self.random.random() < AN_BEFORE_VOWEL:
            words = text.split(" ")
            for i in range(len(words) - 1):
                if words[i] == "a" and words[i + 1][:1] in set("aeiou"):
                    words[i] = "an"
            text = " ".join(words)
        return text + "." if self.random.random() < FULL_STOP else text

    def pair(self) -> tuple[str, np.ndarray]:
        if self.garments and self.random.random() < 0.25:
            return self.person_wearing()
        name, linear = self.name(self.choose(["class", "class", "hypernym", "lexicon"]))
        if self.random.random() < 0.3:
            return self.choose(HOLDING).format(name), 0.65 * linear + 0.35 * self.linear("person")
        other, other_linear = self.name(self.choose(["class", "class", "hypernym", "lexicon"]))
        template = self.choose(JOINED)
        share = 0.5 if template == "{} and {}" else 0.65
        article = self.choose(["", "a ", "a photo of a "])
        return article + template.format(name, other), share * linear + (1 - share) * other_linear

    def person_wearing(self) -> tuple[str, np.ndarray]:
        garment, linear = self.choose(self.garments)
        who = self.choose(["man", "woman", "person"])
        colour = self.choose(COLOURS) + " " if self.random.random() < 0.5 else ""
        article = "" if garment in PLURAL_GARMENTS else "a "
        text = f"{self.choose(['', 'a ', 'a photo of a '])}{who} wearing {article}{colour}{garment}"
        return text, 0.5 * linear + 0.25 * self.linear(who) + 0.25 * self.linear("person")
