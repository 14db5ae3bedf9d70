#!/usr/bin/env python3
"""Accuracy of a model on folders of pictures: FOLDER/<class name>/*.jpg

    models/starter/evaluate.py FOLDER [FOLDER ...] [--each] [--unfit FILE] [--template "a photo of a {}"] [--model NAME]
                               [--models DIR] [--program build/release/bin/hailo-clip]

Every class name is a prompt; underscores become spaces. Uses the program itself, so the pictures go the way that users'
pictures go. One line a folder: top-1, top-5, the mean score of the first answer ("confidence": how often the model
thinks that it is right), the cosine of the best prompt that 5 %, 50 % and 95 % of the pictures stay below, and the share
of pictures answered with "none of these". --each adds a line a class. --unfit takes the names from FILE, one a line,
which should fit none of the pictures: then only the last two columns say something.
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
    parser.add_argument("--unfit", type=argparse.FileType("r"), help="file of names that fit none of the pictures")
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


def print_line(name: str, answers: list[dict]) -> None:
    mean = lambda key: sum(answer[key] for answer in answers) / max(1, len(answers))
    ranked = sorted(answer["cosine"] for answer in answers)
    spread = " ".join(f"{ranked[int(share * len(ranked))]:.2f}" for share in (0.05, 0.5, 0.95) if ranked)
    print(f"{name:<24} {len(answers):>8} {mean('first'):>6.3f} {mean('five'):>6.3f} {mean('score'):>10.3f}", end="   ")
    print(f"{spread:<20} {mean('none'):>6.3f}")


def evaluate(options: argparse.Namespace, folder: pathlib.Path, unfit: list[str]) -> None:
    folders = sorted(path.name for path in folder.iterdir() if path.is_dir())
    names = unfit or folders
    if len(names) < 2:
        sys.exit(f"{folder}: expected at least two folders of pictures, one a class")
    prompts = [options.template.format(name.replace("_", " ")) for name in names]
    rows = collections.defaultdict(list)
    for answer in classify(options, folder, prompts):
        truth = pathlib.Path(answer["file"]).relative_to(folder).parts[0]
        best = answer["classifications"]
        ranked = [names[prompts.index(entry["text"])] for entry in best]
        row = {"first": ranked[0] == truth, "five": truth in ranked, "none": answer["none_of_these"]}
        rows[truth].append(row | {"score": best[0]["score"], "cosine": best[0]["similarity"]})
    if options.each:
        for name in folders:
            print_line(name, rows[name])
    print_line(f"{folder.name}, {len(names)} names", [row for some in rows.values() for row in some])


def main() -> None:
    options = arguments()
    unfit = [line.strip() for line in options.unfit if line.strip()] if options.unfit else []
    print(f"{'':<24} {'pictures':>8} {'top-1':>6} {'top-5':>6} {'confidence':>10}   cosine at 5, 50, 95 %   none")
    for folder in options.folders:
        evaluate(options, folder, unfit)


if __name__ == "__main__":
    main()
