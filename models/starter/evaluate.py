#!/usr/bin/env python3
"""Top-1 and top-5 accuracy of a model on folders of pictures: FOLDER/<class name>/*.jpg

    models/starter/evaluate.py FOLDER [--template "a photo of a {}"] [--model NAME] [--program build/release/bin/hailo-clip]

Every class name is a prompt; underscores become spaces. Uses the program itself, so the pictures go the way that
users' pictures go. Prints a line a class and the total.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parents[2]
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--template", default="a photo of a {}")
parser.add_argument("--model", default="starter")
parser.add_argument("--program", default=str(root / "build/release/bin/hailo-clip"))
arguments = parser.parse_args()

names = sorted(path.name for path in arguments.folder.iterdir() if path.is_dir())
if len(names) < 2:
    sys.exit(f"{arguments.folder}: expected at least two folders of pictures, one a class")
prompts = [arguments.template.format(name.replace("_", " ")) for name in names]
command = [arguments.program, "classify", str(arguments.folder), "--model", arguments.model, "--json", "--top-k", "5"]
answers = subprocess.run([*command, "--", *prompts], check=True, stdout=subprocess.PIPE, text=True).stdout

totals, firsts, fives = collections.Counter(), collections.Counter(), collections.Counter()
for line in answers.splitlines():
    answer = json.loads(line)
    truth = pathlib.Path(answer["file"]).relative_to(arguments.folder).parts[0]
    ranked = [names[prompts.index(entry["text"])] for entry in answer["classifications"]]
    totals[truth] += 1
    firsts[truth] += ranked[0] == truth
    fives[truth] += truth in ranked
print(f"{'class':<24} {'pictures':>8} {'top-1':>6} {'top-5':>6}")
for name in names:
    print(f"{name:<24} {totals[name]:>8} {firsts[name] / max(1, totals[name]):>6.3f} {fives[name] / max(1, totals[name]):>6.3f}")
total = sum(totals.values())
print(f"{'all':<24} {total:>8} {sum(firsts.values()) / total:>6.3f} {sum(fives.values()) / total:>6.3f}")
