"""Writes unicode_tables.inc from tests/data/clip/unicode.json and normal_form.json (ranges with both ends).

usage: src/text/make_unicode_tables.py   (from the root of the repository)
"""
import json
from pathlib import Path

data = Path("tests/data/clip")
classes = json.loads((data / "unicode.json").read_text())
marks = json.loads((data / "normal_form.json").read_text())["mark"]
lower = {int(code): to for code, to in classes["lower"].items()}
several = {code: to for code, to in lower.items() if len(to) > 1}
assert several == {0x130: [0x69, 0x307]}, "LowerCodePoint and its caller know one exception only"


def lower_runs():
    """[first, last, step, delta]: the code points first, first + step, ... last become themselves + delta."""
    runs = []
    for code, delta in sorted((code, to[0] - code) for code, to in lower.items() if len(to) == 1):
        run = runs[-1] if runs else None
        step = code - run[1] if run else 0
        if run and run[3] == delta and step in (1, 2) and run[2] in (0, step):
            run[1], run[2] = code, step
        else:
            runs.append([code, code, 0, delta])
    return [[first, last, step or 1, delta] for first, last, step, delta in runs]


def table(declaration, rows):
    lines, line = [f"inline constexpr {declaration}[] = {{"], "   "
    for row in rows:
        cell = " {" + ", ".join(row) + "},"
        if len(line) + len(cell) > 118:
            lines.append(line)
            line = "   "
        line += cell
    return "\n".join([*lines, line, "};", ""])


ranges = sorted((first, last, name) for name in ("letter", "number", "space") for first, last in classes[name])
Path("src/text/unicode_tables.inc").write_text("\n".join([
    "// Made by make_unicode_tables.py; do not edit.",
    table("ClassRange kClassRanges",
          [(f"0x{first:X}", f"0x{last:X}", f"CharClass::k{name.capitalize()}") for first, last, name in ranges]),
    table("MarkRange kMarkRanges", [(f"0x{first:X}", f"0x{last:X}") for first, last in marks]),
    table("LowerRun kLowerRuns",
          [(f"0x{first:X}", f"0x{last:X}", str(step), str(delta)) for first, last, step, delta in lower_runs()]),
]))
