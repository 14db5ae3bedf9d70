"""CLIP's byte-pair encoding with the first 10,000 merges only: what the program does with the same merges.txt.

ids: 0..255 bytes, 256..511 bytes that end a word, then one a merge in order, then the start and the end token.
"""
import functools
import gzip
import re

MERGES = 10_000
START, END = 512 + MERGES, 513 + MERGES
VOCABULARY = 514 + MERGES
CONTEXT = 77
WORDS = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|[^\s\w]+|_+", re.IGNORECASE)


def shortened_merges(published: bytes) -> str:
    """merges.txt: the usual heading and the first 10,000 lines of the published list."""
    lines = gzip.decompress(published).decode().split("\n")[1 : 1 + MERGES]
    return "\n".join(["#version: 0.2", *lines]) + "\n"


def byte_symbols() -> tuple[list[str], dict[int, str]]:
    """A printable character for each byte: in the order of the ids (printable bytes first), and by byte."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    symbol = {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}
    return [symbol[byte] for byte in printable + others], symbol


class Tokenizer:
    def __init__(self, merges: str):
        pairs = [tuple(line.split()) for line in merges.split("\n")[1 : 1 + MERGES]]
        alphabet, self.symbol_of_byte = byte_symbols()
        self.tokens = alphabet + [symbol + "</w>" for symbol in alphabet] + ["".join(pair) for pair in pairs]
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self.rank = {pair: i for i, pair in enumerate(pairs)}
        self.of_word = functools.cache(self.of_word)

    def of_word(self, word: str) -> list[int]:
        parts = [self.symbol_of_byte[byte] for byte in word.encode()]
        parts[-1] += "</w>"
        while len(parts) > 1:
            ranks = [self.rank.get(pair, MERGES) for pair in zip(parts, parts[1:])]
            best = min(ranks)
            if best == MERGES:
                break
            pair = (parts[ranks.index(best)], parts[ranks.index(best) + 1])
            merged, i = [], 0
            while i < len(parts):
                both = tuple(parts[i : i + 2]) == pair
                merged.append("".join(pair) if both else parts[i])
                i += 2 if both else 1
            parts = merged
        return [self.ids[part] for part in parts]

    def encode(self, text: str, longest: int = CONTEXT) -> list[int]:
        """Start, tokens, end; cut to `longest` with the end token kept."""
        ids = [id for word in WORDS.findall(text.lower()) for id in self.of_word(word)]
        return [START, *ids[: longest - 2], END]

    def text_of(self, id: int) -> str:
        """What a token stands for, without the mark of a word's end; "." where there is nothing to say."""
        byte_of = {symbol: byte for byte, symbol in self.symbol_of_byte.items()}
        token = self.tokens[id].removesuffix("</w>") if id < START else ""
        return bytes(byte_of[symbol] for symbol in token).decode(errors="ignore").strip() or "."
