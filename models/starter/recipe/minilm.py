"""all-MiniLM-L6-v2: sentences to unit vectors of 384 numbers. Used while building only.

A BERT of 6 layers over lower-cased WordPieces; the mean of the last layer over all tokens, normalised. Written out
here because the build needs nothing else of the library that it comes from.
"""
import unicodedata

import jax
import jax.numpy as jnp
import numpy as np
import safetensors.numpy

LAYERS, HEADS, WIDTH = 6, 12, 384
LONGEST = 64  # tokens; definitions are shorter
LENGTHS = (8, 12, 16, 24, 32, 48, 64)  # what texts are padded to, so that few shapes are compiled
TOKENS_A_BATCH = 4096


class WordPiece:
    def __init__(self, vocabulary: bytes):
        self.ids = {piece: i for i, piece in enumerate(vocabulary.decode().splitlines())}

    def encode(self, text: str) -> list[int]:
        ids = [id for word in split_words(text) for id in self.pieces(word)]
        return [self.ids["[CLS]"], *ids[: LONGEST - 2], self.ids["[SEP]"]]

    def pieces(self, word: str) -> list[int]:
        """Greedy, longest first; a word that cannot be covered is one [UNK]."""
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self.ids:
                    found.append(self.ids[piece])
                    break
            else:
                return [self.ids["[UNK]"]]
            start = end
        return found


def split_words(text: str) -> list[str]:
    """BERT's: lower case, accents dropped, every punctuation mark and symbol a word of its own."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
    spaced = "".join(f" {c} " if not c.isalnum() and not c.isspace() else c for c in plain)
    return spaced.split()


def normalise(x, scale, bias):
    x = x - x.mean(-1, keepdims=True)
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-12) * scale + bias


@jax.jit
def encode(p, ids, mask):
    """ids, mask [b, n] -> [b, 384]; p: the tensors by their published names."""
    b, n = ids.shape
    layer_norm = lambda x, name: normalise(x, p[name + ".LayerNorm.weight"], p[name + ".LayerNorm.bias"])
    linear = lambda x, name: x @ p[name + ".weight"].T + p[name + ".bias"]
    x = p["embeddings.word_embeddings.weight"][ids]
    x = x + p["embeddings.position_embeddings.weight"][:n] + p["embeddings.token_type_embeddings.weight"][0]
    x = layer_norm(x, "embeddings")
    split = lambda x: x.reshape(b, n, HEADS, WIDTH // HEADS).transpose(0, 2, 1, 3)
    for i in range(LAYERS):
        name = f"encoder.layer.{i}."
        q, k, v = (split(linear(x, name + "attention.self." + part)) for part in ("query", "key", "value"))
        scores = q @ k.swapaxes(-1, -2) / np.sqrt(WIDTH // HEADS) + (mask[:, None, None, :] - 1) * 1e9
        seen = (jax.nn.softmax(scores) @ v).transpose(0, 2, 1, 3).reshape(b, n, WIDTH)
        x = layer_norm(x + linear(seen, name + "attention.output.dense"), name + "attention.output")
        hidden = jax.nn.gelu(linear(x, name + "intermediate.dense"), approximate=False)
        x = layer_norm(x + linear(hidden, name + "output.dense"), name + "output")
    mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    return mean / jnp.linalg.norm(mean, axis=-1, keepdims=True)


def embed(weights: bytes, vocabulary: bytes, texts: list[str], report) -> np.ndarray:
    """[len(texts), 384] f32. report(done, all) is called now and then."""
    p = {name: jnp.asarray(t) for name, t in safetensors.numpy.load(weights).items() if t.dtype == np.float32}
    tokenizer = WordPiece(vocabulary)
    tokens = [tokenizer.encode(text) for text in texts]
    out = np.zeros((len(texts), WIDTH), np.float32)
    waiting: dict[int, list[int]] = {length: [] for length in LENGTHS}
    done = 0

    def run(length: int) -> None:
        nonlocal done
        chosen, size = waiting[length], TOKENS_A_BATCH // length
        ids, mask = np.zeros((size, length), np.int32), np.zeros((size, length), np.float32)
        mask[len(chosen) :, 0] = 1  # rows that only fill the batch
        for row, index in enumerate(chosen):
            ids[row, : len(tokens[index])], mask[row, : len(tokens[index])] = tokens[index], 1
        out[chosen] = np.asarray(encode(p, ids, mask))[: len(chosen)]
        done += len(chosen)
        waiting[length] = []
        report(done, len(texts))

    for index, sequence in enumerate(tokens):
        length = min(length for length in LENGTHS if length >= len(sequence))
        waiting[length].append(index)
        if len(waiting[length]) == TOKENS_A_BATCH // length:
            run(length)
    for length in LENGTHS:
        if waiting[length]:
            run(length)
    return out
