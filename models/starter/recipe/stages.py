"""Results of the slow steps on disk, named after what they depend on: a build that was stopped goes on from there."""
import hashlib
import pathlib
import sys
import time

import numpy as np


class Stages:
    """Keeps each step's arrays in `folder`; prints progress to standard error."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.started = time.monotonic()
        folder.mkdir(parents=True, exist_ok=True)

    def say(self, text: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self.started), 60)
        print(f"[{minutes:3}:{seconds:02}] {text}", file=sys.stderr, flush=True)

    def progress(self, what: str, every_seconds: float = 15):
        """A function (done, all) that says how far it is, but not too often."""
        said = time.monotonic()

        def report(done: int, all: int) -> None:
            nonlocal said
            if time.monotonic() - said > every_seconds or done == all:
                self.say(f"  {done} of {all} {what}")
                said = time.monotonic()

        return report

    def path(self, name: str, *depends_on) -> pathlib.Path:
        digest = hashlib.sha256()
        for item in depends_on:
            digest.update(item.tobytes() if isinstance(item, np.ndarray) else repr(item).encode())
        return self.folder / f"{name}-{digest.hexdigest()[:12]}.npz"

    def arrays(self, name: str, depends_on: tuple, make) -> dict[str, np.ndarray]:
        """What make() returned, now or in an earlier build that depended on the same."""
        path = self.path(name, *depends_on)
        if path.exists():
            self.say(f"{name}: kept from before")
        else:
            self.say(f"{name} ...")
            save(path, make())
        with np.load(path) as arrays:
            return dict(arrays)


def save(path: pathlib.Path, arrays: dict[str, np.ndarray]) -> None:
    """Whole or not at all."""
    part = path.with_suffix(".part.npz")
    np.savez(part, **arrays)
    part.replace(path)
