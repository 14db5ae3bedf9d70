"""Makes the SentencePiece models of this folder and tokens.jsonl, what the Python package makes of texts with them.

usage: make.py   (with `pip install sentencepiece==0.2.3 protobuf`)
"""
import io
import json
import random
import re
import string
from pathlib import Path

import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2 as pb

here = Path(__file__).parent
clip = [json.loads(line) for line in open(here.parent / "clip/tokens.jsonl")]
texts = sorted({row["text"] for row in clip if row["kind"] != "long" and len(row["text"]) < 200 and "\0" not in row["text"]})
golden = random.Random(5).sample(texts, 600)
corpus = [t for t in texts if "\n" not in t and max(map(ord, t), default=0) < 0x250]


def train(name, **options):
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(sentence_iterator=iter(corpus), model_writer=model, num_threads=1, minloglevel=2,
                                   character_coverage=0.98, vocab_size=700, **options)
    (here / name).write_bytes(model.getvalue())


# Numbers of the special pieces and settings as in the models that SigLIP, XLM-Roberta and SigLIP 2 use.
train("t5.model", model_type="unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1, normalization_rule_name="identity")
train("xlm_roberta.model", model_type="unigram", unk_id=0, bos_id=1, eos_id=2, normalization_rule_name="nmt_nfkc")
train("gemma.model", model_type="bpe", pad_id=0, eos_id=1, bos_id=2, unk_id=3, byte_fallback=True,
      normalization_rule_name="identity", add_dummy_prefix=False, remove_extra_whitespaces=False)

# 1,000 pieces of one character each, so that any list of ids can be written as a text: id k is U+4E00 + k.
letters = pb.ModelProto()
for i in range(1000):
    special = {0: ("<pad>", pb.ModelProto.SentencePiece.CONTROL), 1: ("</s>", pb.ModelProto.SentencePiece.CONTROL),
               2: ("<unk>", pb.ModelProto.SentencePiece.UNKNOWN)}
    text, kind = special.get(i, (chr(0x4E00 + i), pb.ModelProto.SentencePiece.NORMAL))
    letters.pieces.add(piece=text, score=-float(i), type=kind)
letters.trainer_spec.model_type = pb.TrainerSpec.UNIGRAM
letters.trainer_spec.pad_id, letters.trainer_spec.eos_id, letters.trainer_spec.unk_id, letters.trainer_spec.bos_id = 0, 1, 2, -1
letters.normalizer_spec.name = "identity"
letters.normalizer_spec.add_dummy_prefix = False
(here / "letters.model").write_bytes(letters.SerializeToString())


def siglip(text):
    """transformers' SiglipTokenizer.canonicalize_text, lower case without the final sigma."""
    text = "".join(c.lower() for c in text.replace("\u2581", " "))
    return re.sub(r"\s+", " ", text.translate(str.maketrans("", "", string.punctuation))).strip()


def fairseq(piece):
    return 3 if piece == 0 else piece + 1


models = {name: spm.SentencePieceProcessor(model_file=str(here / f"{name}.model")) for name in ("t5", "xlm_roberta", "gemma")}
with open(here / "tokens.jsonl", "w") as out:
    for text in golden:
        row = {"text": text,
               "siglip": models["t5"].encode(siglip(text)) + [1],
               "xlm_roberta": [0] + [fairseq(p) for p in models["xlm_roberta"].encode(text)] + [2],
               "siglip2": models["gemma"].encode("".join(c.lower() for c in text)) + [1]}
        out.write(json.dumps(row, separators=(",", ":")) + "\n")
print(len(golden), "texts")
