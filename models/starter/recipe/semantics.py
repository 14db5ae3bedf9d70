"""What texts mean, by all-MiniLM-L6-v2: every lemma, definition and token of the text side as a unit vector."""
import minilm
import numpy as np
import sources
from stages import Stages
from tokenizer import VOCABULARY, Tokenizer
from vocabulary import Vocabulary


class Semantics:
    """lemma[name], definition[offset] -> f32 [384]; tokens f32 [VOCABULARY, 384]."""

    def __init__(self, vocabulary: Vocabulary, tokenizer: Tokenizer, cache, stages: Stages):
        lemmas = sorted({lemma.lower() for offset in vocabulary.synsets for lemma in vocabulary.lemmas(offset)})
        definitions = [vocabulary.described(offset) for offset in vocabulary.synsets]
        texts = lemmas + definitions + [tokenizer.text_of(id) for id in range(VOCABULARY)]

        def embed():
            weights = sources.read(cache, "gt_all", "model.safetensors")
            pieces = sources.read(cache, "gt_all", "vocab.txt")
            return {"vectors": minilm.embed(weights, pieces, texts, stages.progress("texts"))}

        vectors = stages.arrays("minilm", (texts,), embed)["vectors"]
        self.lemma = dict(zip(lemmas, vectors))
        self.definition = dict(zip(vocabulary.synsets, vectors[len(lemmas) :]))
        self.tokens: np.ndarray = vectors[-VOCABULARY:]
