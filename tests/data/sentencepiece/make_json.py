"""Writes the models of this folder as tokenizer.json, in the forms that are published, and tokens_json.jsonl: what the
packages tokenizers and sentencepiece make of texts with them. It prints where the two differ and which one counts.

usage: make_json.py   (after make.py; with `pip install sentencepiece==0.2.3 tokenizers==0.23.3 protobuf`)
"""
import base64
import io
import json
import re
import string
from pathlib import Path

import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2 as pb
from tokenizers import Tokenizer

here = Path(__file__).parent
MARK = "\u2581"
SHAPES = ["", " ", "  ", MARK, MARK * 2, "a", " a", "a ", "  a  ", "a  b", "a   b ", "\ta\nb\r\n", "a\n\nb", "\u00a0a\u3000b ",
          "<s>", "</s> a", "<unk>", "a<pad>b", "<mask>", "<0x41>", "<0x09>", "\t", "\x01a\x7f", "a\u200bb", "\ufeffa", "caf\u00e9",
          "cafe\u0301", "\ufb01sh", "\uff21\uff22\uff23", "\u1e9b\u0323", "\u0130stanbul", "\u03a3\u0399\u03a3", "DZ \u01c5",
          "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\u26a1\ufe0f", "\ud55c\uad6d\uc5b4",
          "\u1112\u1161\u11ab", "\u4f60\u597d\u4e16\u754c", "\u0645\u0631\u062d\u0628\u0627", "\u0928\u092e\u0938\u094d\u0924\u0947",
          "!?.,", "it's 50% off!", "A_B-C", "[x] {y} (z)", "aaaaaaa", "ababababa", "ttttt hhhhh eeeee", "x" * 40,
          "THE CAT", "The Cat", "the cat", "the cat ", f"the{MARK}cat", "\u2002the\u2003cat\u2009", "a\u0300\u0301\u0302\u0303b"]


def proto_of(name):
    proto = pb.ModelProto()
    proto.ParseFromString((here / name).read_bytes())
    return proto


def added(token, index, special=True):
    return {"id": index, "content": token, "single_word": False, "lstrip": token == "<mask>", "rstrip": False,
            "normalized": False, "special": special}


def template(parts, ids):
    single = [{"Sequence": {"id": "A", "type_id": 0}} if p == "A" else {"SpecialToken": {"id": p, "type_id": 0}} for p in parts]
    return {"type": "TemplateProcessing", "single": single, "pair": single,
            "special_tokens": {p: {"id": p, "ids": [ids[p]], "tokens": [p]} for p in parts if p != "A"}}


def document(**keys):
    return {"version": "1.0", "truncation": None, "padding": None, **keys, "decoder": {"type": "Metaspace", "replacement": MARK}}


def charsmap(proto):
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()}


def fairseq(proto, tail):
    """The pieces in fairseq's order."""
    return ["<s>", "<pad>", "</s>", "<unk>"] + [p.piece for p in proto.pieces[3:]] + tail


def merges_of(scores):
    """Every way to put a piece together from two others, by the rank of the piece."""
    found = []
    for piece, rank in scores.items():
        found += [(rank, i, piece[:i], piece[i:]) for i in range(1, len(piece)) if piece[:i] in scores and piece[i:] in scores]
    return [[left, right] for _, _, left, right in sorted(found)]


def bpe(vocab, merges, byte_fallback):
    return {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None,
            "fuse_unk": True, "byte_fallback": byte_fallback, "ignore_merges": False, "vocab": vocab, "merges": merges}


def xlm_roberta(newer):
    """As XLM-Roberta is published, in the older and the newer form of transformers' converter."""
    proto = proto_of("xlm_roberta.model")
    scores = {p.piece: p.score for p in proto.pieces[3:]}
    vocab = fairseq(proto, ["<mask>"])
    words = {"type": "Metaspace", "replacement": MARK, "str_rep": MARK, "add_prefix_space": True}
    normalizer, cutter = charsmap(proto), {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, words]}
    if newer:
        spaces = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": MARK}
        strip = {"type": "Strip", "strip_left": False, "strip_right": True}
        normalizer = {"type": "Sequence", "normalizers": [normalizer, strip, spaces]}
        cutter = {"type": "Metaspace", "replacement": MARK, "prepend_scheme": "always", "split": True}
    return document(added_tokens=[added(t, vocab.index(t)) for t in ("<s>", "<pad>", "</s>", "<unk>", "<mask>")],
                    normalizer=normalizer, pre_tokenizer=cutter, post_processor=template(["<s>", "A", "</s>"], {"<s>": 0, "</s>": 2}),
                    model={"type": "Unigram", "unk_id": 3, "vocab": [[p, scores.get(p, 0.0)] for p in vocab], "byte_fallback": False})


def siglip():
    """As transformers.js converts SigLIP: the cleaning is in the normalizer."""
    proto = proto_of("t5.model")
    steps = [{"type": "Lowercase"},
             {"type": "Replace", "pattern": {"Regex": f"[{re.escape(string.punctuation)}]"}, "content": ""},
             {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
             {"type": "Strip", "strip_left": True, "strip_right": True}]
    return document(added_tokens=[added(t, i) for i, t in enumerate(["<pad>", "</s>", "<unk>"])],
                    normalizer={"type": "Sequence", "normalizers": steps},
                    pre_tokenizer={"type": "Metaspace", "replacement": MARK, "add_prefix_space": True, "prepend_scheme": "always"},
                    post_processor=template(["A", "</s>"], {"</s>": 1}),
                    model={"type": "Unigram", "unk_id": 2, "vocab": [[p.piece, p.score] for p in proto.pieces]})


def gemma():
    """As SigLIP 2 brings Gemma's: bytes for what is unknown, no mark in front; the byte 9 is there by two names."""
    proto = proto_of("gemma.model")
    vocab = {p.piece: i for i, p in enumerate(proto.pieces)}
    normal = {p.piece: -p.score for p in proto.pieces if p.type == pb.ModelProto.SentencePiece.NORMAL}
    merges = merges_of(normal)
    vocab.setdefault("\t", vocab["<0x09>"])
    steps = [{"type": "Lowercase"}, {"type": "Replace", "pattern": {"String": " "}, "content": MARK}]
    return document(added_tokens=[added(t, i) for i, t in enumerate(["<pad>", "</s>", "<s>", "<unk>"])],
                    normalizer={"type": "Sequence", "normalizers": steps},
                    pre_tokenizer={"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False},
                    post_processor=template(["A", "</s>"], {"</s>": 1}), model=bpe(vocab, merges, True))


def nllb(proto):
    """BPE of words in fairseq's order with a language in front, as NLLB's; merges as text."""
    vocab = {p: i for i, p in enumerate(fairseq(proto, ["deu_Latn", "eng_Latn", "<mask>"]))}
    normal = {p.piece: -p.score for p in proto.pieces if p.type == pb.ModelProto.SentencePiece.NORMAL}
    words = {"type": "Metaspace", "replacement": MARK, "add_prefix_space": True, "prepend_scheme": "always"}
    return document(added_tokens=[added(t, vocab[t]) for t in ("<s>", "<pad>", "</s>", "<unk>", "deu_Latn", "eng_Latn", "<mask>")],
                    normalizer={"type": "Lowercase"}, pre_tokenizer={"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, words]},
                    post_processor=template(["eng_Latn", "A", "</s>"], vocab),
                    model=bpe(vocab, [" ".join(m) for m in merges_of(normal)], False))


def train_words(corpus):
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(sentence_iterator=iter(corpus), model_writer=model, num_threads=1, minloglevel=2, vocab_size=500,
                                   character_coverage=0.98, model_type="bpe", unk_id=0, bos_id=1, eos_id=2,
                                   normalization_rule_name="identity")
    proto = pb.ModelProto()
    proto.ParseFromString(model.getvalue())
    return proto


def lower(text):
    return "".join(c.lower() for c in text)


def canonical(text):
    return re.sub(r"\s+", " ", lower(text).translate(str.maketrans("", "", string.punctuation))).strip()


golden = [json.loads(line)["text"] for line in open(here / "tokens.jsonl")]
corpus = [t.lower() for t in golden if "\n" not in t and max(map(ord, t), default=0) < 0x250]
words = train_words(corpus)
processors = {name: spm.SentencePieceProcessor(model_file=str(here / f"{name}.model")) for name in ("t5", "xlm_roberta", "gemma")}
processors["words"] = spm.SentencePieceProcessor(model_proto=words.SerializeToString())
count = len(words.pieces)


def numbered(name, text):
    return [3 if p == 0 else p + 1 for p in processors[name].encode(text)]


files = {
    "xlm_roberta": (xlm_roberta(newer=False), lambda t: [0] + numbered("xlm_roberta", t) + [2]),
    "xlm_roberta_newer": (xlm_roberta(newer=True), lambda t: [0] + numbered("xlm_roberta", t) + [2]),
    "siglip": (siglip(), lambda t: processors["t5"].encode(canonical(t)) + [1]),
    "gemma": (gemma(), lambda t: processors["gemma"].encode(lower(t)) + [1]),
    # Words are parted at any white space; the model knows only U+0020.
    "nllb": (nllb(words), lambda t: [count + 2] + numbered("words", " ".join(lower(t).split())) + [2]),
}
SPECIAL = re.compile("<s>|<pad>|</s>|<unk>|<mask>|<0x")
rows = [{"text": text} for text in dict.fromkeys(golden + SHAPES)]
for name, (content, by_sentencepiece) in files.items():
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    if name != "xlm_roberta_newer":  # its rules are long; the test makes it from the other
        (here / f"{name}.json").write_text(text)
    tokenizer = Tokenizer.from_str(text)
    special = marks = other = 0
    for row in rows:
        expected, row[name] = by_sentencepiece(row["text"]), tokenizer.encode(row["text"]).ids
        if expected == row[name]:
            continue
        if SPECIAL.search(row["text"]):  # nothing in a text counts as a special token
            special += 1
            row[name] = expected
        elif "Precompiled" in text and row["text"].strip(MARK):  # rules by grapheme there, by longest match here
            marks += 1
            row[name] = expected
        else:
            other += 1
    print(f"{name}: {len(rows)} texts; not as tokenizers: {special} with special tokens, {marks} with marks; "
          f"not as sentencepiece: {other} with separators or U+2581")
with open(here / "tokens_json.jsonl", "w") as out:
    out.writelines(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
