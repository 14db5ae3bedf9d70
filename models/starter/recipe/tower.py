"""The text tower: CLIP's causal transformer, small. Parameters are a dictionary of f32 arrays.

width 256, 4 pre-norm layers of 4 heads, QuickGELU, hidden state at the end token, a linear head to 512; 6 million
parameters, of which 2.7 million are the token table.
"""
import jax
import jax.numpy as jnp
import numpy as np
from tokenizer import CONTEXT, VOCABULARY

WIDTH, LAYERS, HEADS, HIDDEN, OUT = 256, 4, 4, 1024, 512
TABLE_SCALE = 0.1


def initial(token_meaning: np.ndarray, random: np.random.Generator) -> dict[str, np.ndarray]:
    """token_meaning [VOCABULARY, 384]: the table starts as its 256 main directions."""

    def linear(rows, columns):  # as PyTorch does
        bound = 1 / np.sqrt(rows)
        return random.uniform(-bound, bound, (rows, columns)), random.uniform(-bound, bound, columns)

    centred = token_meaning - token_meaning.mean(0)
    directions = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :WIDTH]
    table = centred @ directions
    p = {"table": TABLE_SCALE * table / table.std(), "positions": random.normal(0, 0.01, (CONTEXT, WIDTH))}
    for i in range(LAYERS):
        p[f"{i}.in.w"], p[f"{i}.in.b"] = linear(WIDTH, 3 * WIDTH)
        p[f"{i}.out.w"], p[f"{i}.out.b"] = random.normal(0, 0.01, (WIDTH, WIDTH)), np.zeros(WIDTH)
        p[f"{i}.up.w"], p[f"{i}.up.b"] = linear(WIDTH, HIDDEN)
        p[f"{i}.down.w"], p[f"{i}.down.b"] = random.normal(0, 0.01, (HIDDEN, WIDTH)), np.zeros(WIDTH)
        for norm in ("norm1", "norm2"):
            p[f"{i}.{norm}.w"], p[f"{i}.{norm}.b"] = np.ones(WIDTH), np.zeros(WIDTH)
    p["norm.w"], p["norm.b"] = np.ones(WIDTH), np.zeros(WIDTH)
    p["head.w"], p["head.b"] = linear(WIDTH, OUT)
    return {name: np.asarray(value, np.float32) for name, value in p.items()}


def norm(p, name, x):
    x = x - x.mean(-1, keepdims=True)
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-5) * p[name + ".w"] + p[name + ".b"]


def pooled(p, ids):
    """ids [b, n] i32, zeros after the end token -> [b, 256], before the head."""
    b, n = ids.shape
    x = p["table"][ids] + p["positions"][:n]
    future = jnp.triu(jnp.full((n, n), -1e9), 1)
    split = lambda x: x.reshape(b, n, HEADS, WIDTH // HEADS).transpose(0, 2, 1, 3)
    for i in range(LAYERS):
        joined = norm(p, f"{i}.norm1", x) @ p[f"{i}.in.w"] + p[f"{i}.in.b"]
        q, k, v = (split(part) for part in jnp.split(joined, 3, axis=-1))
        seen = jax.nn.softmax(q @ k.swapaxes(-1, -2) / np.sqrt(WIDTH // HEADS) + future) @ v
        x = x + seen.transpose(0, 2, 1, 3).reshape(b, n, WIDTH) @ p[f"{i}.out.w"] + p[f"{i}.out.b"]
        hidden = norm(p, f"{i}.norm2", x) @ p[f"{i}.up.w"] + p[f"{i}.up.b"]
        x = x + (hidden * jax.nn.sigmoid(1.702 * hidden)) @ p[f"{i}.down.w"] + p[f"{i}.down.b"]
    return norm(p, "norm", x[jnp.arange(b), ids.argmax(1)])


def embed(p, ids):
    """-> unit vectors [b, 512]"""
    y = pooled(p, ids) @ p["head.w"] + p["head.b"]
    return y / jnp.linalg.norm(y, axis=-1, keepdims=True)
