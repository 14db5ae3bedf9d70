"""CLIP behind FastAPI's thread pool: PORT FOLDER THREADS [one-lock].

Careful: prompts in one batch, padded to the longest. With `one-lock`, as plain services do it: one request at a time,
prompts one by one, each padded to 77 tokens."""
import base64
import contextlib
import pathlib
import sys
import threading

import fastapi
import numpy as np
import uvicorn
from clip_on_ort import CONTEXT, Clip

port, folder, threads = int(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
plain = "one-lock" in sys.argv
clip, app = Clip(folder, threads), fastapi.FastAPI()
lock = threading.Lock() if plain else contextlib.nullcontext()


def encode_texts(texts: list) -> np.ndarray:
    return np.concatenate([clip.texts([text], CONTEXT) for text in texts]) if plain else clip.texts(texts)


@app.get("/health")
def health():
    return {"status": "healthy"}


@app.post("/v1/classify")
def classify(body: dict = fastapi.Body()):
    with lock:
        scores = clip.scores(clip.images(base64.b64decode(body["image"])), encode_texts(body["prompts"]))
    return {"classifications": [{"text": t, "score": s} for s, t in sorted(zip(scores, body["prompts"]), reverse=True)]}


@app.post("/v1/embed/image")
def embed_image(body: dict = fastapi.Body()):
    with lock:
        return {"embedding": clip.images(base64.b64decode(body["image"]))[0].tolist()}


@app.post("/v1/embed/text")
def embed_text(body: dict = fastapi.Body()):
    with lock:
        return {"embedding": encode_texts([body["text"]])[0].tolist()}


uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
