"""Teaches the text tower to land where the sampler says."""
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import tower
from sampler import Sampler
from stages import Stages, save
from tokenizer import Tokenizer

BATCH = 128
BATCHES_A_DRAW = 16  # drawn together, sorted by length and cut: little padding
LENGTHS = (6, 8, 10, 12, 16, 24)  # what batches are padded to: each is compiled once; texts are cut at the last
RATE, FAST = 5e-4, 3.0  # learning rate of the layers; the token table and the head learn so much faster
WEIGHT_DECAY, BETAS, CLIP = 0.01, (0.9, 0.98), 1.0
WARM_UP, LAST_RATE = 100, 0.02  # steps; share of the rate at the end of the cosine
RANKING_WEIGHT, RANKING_SCALE = 0.3, 15.0
RIDGE, RIDGE_BATCHES = 0.01, 64
CHECKPOINT = 250  # steps


def padded(tokens: list[list[int]]) -> np.ndarray:
    length = min(length for length in LENGTHS if length >= max(map(len, tokens)))
    ids = np.zeros((len(tokens), length), np.int32)
    for row, sequence in zip(ids, tokens):
        row[: len(sequence)] = sequence
    return ids


def batches(sampler: Sampler, tokenizer: Tokenizer):
    while True:
        texts, places = sampler.draw(BATCH * BATCHES_A_DRAW)
        tokens = [tokenizer.encode(text, LENGTHS[-1]) for text in texts]
        order = np.argsort([len(sequence) for sequence in tokens], kind="stable").reshape(BATCHES_A_DRAW, BATCH)
        for rows in sampler.random.permutation(order):
            yield padded([tokens[row] for row in rows]), places[rows]


def loss(p, ids, places, classes):
    """Distance to the place, and the classes ranked as from the place (classes: [1000, 512], theirs)."""
    y = tower.embed(p, ids)
    ranking = jax.nn.softmax(RANKING_SCALE * places @ classes.T)
    told = jax.nn.log_softmax(RANKING_SCALE * y @ classes.T)
    divergence = (ranking * (jnp.log(ranking + 1e-12) - told)).sum(-1).mean()
    return (1 - (y * places).sum(-1)).mean() + RANKING_WEIGHT * divergence


gradients_of = jax.jit(jax.value_and_grad(loss))


@jax.jit
def update(state: tuple, gradients: dict, step, rate) -> tuple:
    """One step of AdamW; (parameters, moments, average) in and out."""
    p, first, second, average = state
    norm = jnp.sqrt(sum((g * g).sum() for g in gradients.values()))
    shrink = jnp.minimum(1.0, CLIP / (norm + 1e-6))
    keep = jnp.minimum(0.998, (step + 1) / (step + 10))  # of the average
    new = ({}, {}, {}, {})
    for name, g in gradients.items():
        m = BETAS[0] * first[name] + (1 - BETAS[0]) * g * shrink
        v = BETAS[1] * second[name] + (1 - BETAS[1]) * (g * shrink) ** 2
        change = m / (1 - BETAS[0] ** (step + 1)) / (jnp.sqrt(v / (1 - BETAS[1] ** (step + 1))) + 1e-8)
        fast = name == "table" or name.startswith("head")
        decays = p[name].ndim == 2 and not fast
        parameter = p[name] - rate * ((FAST if fast else 1.0) * change + (WEIGHT_DECAY if decays else 0.0) * p[name])
        for part, result in zip(new, (parameter, m, v, keep * average[name] + (1 - keep) * parameter)):
            part[name] = result
    return new


def learning_rate(step: int, steps: int) -> float:
    cosine = LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + np.cos(np.pi * step / steps))
    return RATE * min(1.0, (step + 1) / WARM_UP) * cosine


def fit_head(p: dict, batch) -> dict:
    """The head by ridge regression on the untrained layers: training starts from something that already ranks."""
    x, y = [], []
    run = jax.jit(tower.pooled)
    for _ in range(RIDGE_BATCHES):
        ids, places = next(batch)
        x.append(np.asarray(run(p, ids)))
        y.append(places)
    x, y = np.concatenate(x).astype(np.float64), np.concatenate(y)
    xc, yc = x - x.mean(0), y - y.mean(0)
    square = xc.T @ xc
    w = np.linalg.solve(square + RIDGE * np.trace(square) / len(square) * np.eye(len(square)), xc.T @ yc)
    return p | {"head.w": w.astype(np.float32), "head.b": (y.mean(0) - x.mean(0) @ w).astype(np.float32)}


def train(
    start: dict, sampler: Sampler, tokenizer: Tokenizer, classes, steps: int, stages: Stages, part: pathlib.Path
) -> dict:
    """-> the averaged parameters. `part` holds the state now and then; a run that finds it there goes on from it."""
    batch = batches(sampler, tokenizer)
    if part.exists():
        state, done = load(part)
        sampler.random = np.random.default_rng([done, len(start)])  # not the same texts again
        stages.say(f"  going on after step {done}")
    else:
        p = fit_head(start, batch)
        zero = {name: np.zeros_like(value) for name, value in p.items()}
        state, done = (p, zero, zero, p), 0
    losses = []
    for step in range(done, steps):
        ids, places = next(batch)
        value, gradients = gradients_of(state[0], ids, places, classes)
        state = update(state, gradients, float(step), learning_rate(step, steps))
        losses.append(float(value))
        if (step + 1) % 50 == 0:
            stages.say(f"  step {step + 1} of {steps}, loss {np.mean(losses[-50:]):.4f}")
        if (step + 1) % CHECKPOINT == 0:
            store(part, state, step + 1)
    return {name: np.asarray(value) for name, value in state[3].items()}


KINDS = ("parameters", "first", "second", "average")


def store(path: pathlib.Path, state: tuple, done: int) -> None:
    arrays = {f"{kind}/{name}": np.asarray(a) for kind, part in zip(KINDS, state) for name, a in part.items()}
    save(path, arrays | {"done": np.array(done)})


def load(path: pathlib.Path) -> tuple[tuple, int]:
    with np.load(path) as arrays:
        names = [name.partition("/")[2] for name in arrays if name.startswith("average/")]
        return tuple({name: arrays[f"{kind}/{name}"] for name in names} for kind in KINDS), int(arrays["done"])
