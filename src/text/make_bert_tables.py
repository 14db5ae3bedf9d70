"""Writes bert_tables.inc: what BERT's tokenizer takes for control characters, spaces, ideographs, accents and
punctuation, found by asking tokenizers about every code point.

usage: src/text/make_bert_tables.py   (from the root of the repository, with `pip install tokenizers==0.23.3`)
"""
from pathlib import Path

from tokenizers import normalizers, pre_tokenizers


def only(**on):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **on})


clean, ideographs, accents = only(clean_text=True), only(handle_chinese_chars=True), only(strip_accents=True)
words = pre_tokenizers.BertPreTokenizer()
tests = {
    "Removed": lambda c: clean.normalize_str(c) == "",
    "Space": lambda c: clean.normalize_str(c) == " ",
    "Ideograph": lambda c: ideographs.normalize_str(c) != c,
    "Accent": lambda c: accents.normalize_str(c) == "",
    "Punctuation": lambda c: [w for w, _ in words.pre_tokenize_str(f"a{c}b")] == ["a", c, "b"],
}


def ranges(test):
    found = []
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000 or not test(chr(code)):
            continue
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


lines = ["// Made by make_bert_tables.py; do not edit."]
for name, test in tests.items():
    lines.append(f"inline constexpr CodeRange k{name}Ranges[] = {{")
    line = "   "
    for first, last in ranges(test):
        cell = f" {{0x{first:X}, 0x{last:X}}},"
        if len(line) + len(cell) > 118:
            lines.append(line)
            line = "   "
        line += cell
    lines += [line, "};"]
Path("src/text/bert_tables.inc").write_text("\n".join(lines) + "\n")
