#!/usr/bin/env python3
"""Accuracy of a model on folders of pictures: FOLDER/<class name>/*.jpg

    models/starter/evaluate.py FOLDER [FOLDER ...] [--each] [--template "a photo of a {}"] [--model NAME]
                               [--models DIR] [--program build/release/bin/hailo-clip]

Every class name is a prompt; underscores become spaces. Uses the program itself, so the pictures go the way that users'
pictures go. One line a folder: top-1, top-5, the mean score of the first answer ("confidence": how often the model
thinks that it is right), and the cosine of the best prompt that 5 %, 50 % and 95 % of the pictures stay below. --each
adds a line a class.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=pathlib.Path, nargs="+")
    parser.add_argument("--each", action="store_true", help="a line a class")
    parser.add_argument("--template", default="a photo of a {}")
    parser.add_argument("--model", default="starter")
    parser.add_argument("--models", type=pathlib.Path, help="folder of models to use instead of the installed ones")
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/hailo-clip"))
    return parser.parse_args()


def classify(options: argparse.Namespace, folder: pathlib.Path, prompts: list[str]) -> list[dict]:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as labels:
        labels.write("\n".join(prompts))
        labels.flush()
        command = [options.program, "classify", str(folder), "--model", options.model, "--json", "--top-k", "5"]
        command += ["--labels", labels.name]
        if options.models:
            command += ["--set", f"models.dirs={options.models.resolve()}"]
        answers = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in answers.splitlines()]


def print_line(name: str, firsts: list[bool], fives: list[bool], scores: list[float], cosines: list[float]) -> None:
    mean = lambda values: sum(values) / max(1, len(values))
    ranked = sorted(cosines)
    spread = [ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else 0 for share in (0.05, 0.5, 0.95)]
    print(f"{name:<24} {len(firsts):>8} {mean(firsts):>6.3f} {mean(fives):>6.3f} {mean(scores):>10.3f}   ", end="")
    print(" ".join(f"{cosine:.2f}" for cosine in spread))


def evaluate(options: argparse.Namespace, folder: pathlib.Path) -> None:
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    if len(names) < 2:
        sys.exit(f"{folder}: expected at least two folders of pictures, one a class")
    prompts = [options.template.format(name.replace("_", " ")) for name in names]
    rows = collections.defaultdict(lambda: ([], [], [], []))
    for answer in classify(options, folder, prompts):
        truth = pathlib.Path(answer["file"]).relative_to(folder).parts[0]
        best = answer["classifications"]
        ranked = [names[prompts.index(entry["text"])] for entry in best]
        values = (ranked[0] == truth, truth in ranked, best[0]["score"], best[0]["similarity"])
        for name in {truth, ""}:
            for column, value in zip(rows[name], values):
                column.append(value)
    if options.each:
        for name in names:
            print_line(name, *rows[name])
    print_line(f"{folder.name}, {len(names)} names", *rows[""])


def main() -> None:
    options = arguments()
    print(f"{'':<24} {'pictures':>8} {'top-1':>6} {'top-5':>6} {'confidence':>10}   cosine at 5, 50, 95 %")
    for folder in options.folders:
        evaluate(options, folder)


if __name__ == "__main__":
    main()
