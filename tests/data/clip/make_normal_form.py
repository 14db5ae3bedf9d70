"""Writes normal_form.json: the combining marks that the NFC of Hugging Face's tokenizers puts in order.

usage: make_normal_form.py OUT   (needs the Python package tokenizers; made with 0.23.3)

Its Unicode version is older than that of utf8proc; a mark that it does not know stays where it is.
"""
import json, sys
from tokenizers.normalizers import NFC

nfc = NFC().normalize_str
LOWEST, HIGHEST = "\u0334", "\u0345"  # marks of combining classes 1 and 240


def is_ordered(char):
    goes_behind = nfc(" " + char + LOWEST) == " " + LOWEST + char
    goes_before = nfc(" " + HIGHEST + char) == " " + char + HIGHEST
    return nfc(char) == char and (goes_behind or goes_before)


ranges = []
for code in (c for c in range(0x110000) if not 0xD800 <= c < 0xE000 and is_ordered(chr(c))):
    if ranges and ranges[-1][1] == code - 1:
        ranges[-1][1] = code
    else:
        ranges.append([code, code])
with open(sys.argv[1], "w", encoding="ascii") as file:
    json.dump({"mark": ranges}, file, separators=(",", ":"))
    file.write("\n")
