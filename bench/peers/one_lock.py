"""The plain Python service: Flask, one lock around the model, prompts one by one, each padded to 77 tokens.
PORT FOLDER THREADS."""
import base64
import logging
import pathlib
import sys
import threading

import flask
import numpy as np
from clip_on_ort import CONTEXT, Clip

port, folder, threads = int(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
clip, app, lock = Clip(folder, threads), flask.Flask(__name__), threading.Lock()
logging.getLogger("werkzeug").setLevel(logging.ERROR)


@app.get("/health")
def health():
    return {"status": "healthy"}


@app.post("/v1/classify")
def classify():
    body = flask.request.get_json()
    with lock:
        image = clip.images(base64.b64decode(body["image"]))
        texts = np.concatenate([clip.texts([prompt], CONTEXT) for prompt in body["prompts"]])
    scores = clip.scores(image, texts)
    return {"classifications": [{"text": t, "score": s} for s, t in sorted(zip(scores, body["prompts"]), reverse=True)]}


@app.post("/v1/embed/image")
def embed_image():
    with lock:
        return {"embedding": clip.images(base64.b64decode(flask.request.get_json()["image"]))[0].tolist()}


@app.post("/v1/embed/text")
def embed_text():
    with lock:
        return {"embedding": clip.texts([flask.request.get_json()["text"]], CONTEXT)[0].tolist()}


app.run("127.0.0.1", port, threaded=True)
