"""A careful Python server: FastAPI's thread pool, prompts in one batch, padded to the longest. PORT FOLDER THREADS."""
import base64
import pathlib
import sys

import fastapi
import uvicorn
from clip_on_ort import Clip

port, folder, threads = int(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
clip, app = Clip(folder, threads), fastapi.FastAPI()


@app.get("/health")
def health():
    return {"status": "healthy"}


@app.post("/v1/classify")
def classify(body: dict = fastapi.Body()):
    scores = clip.scores(clip.images(base64.b64decode(body["image"])), clip.texts(body["prompts"]))
    return {"classifications": [{"text": t, "score": s} for s, t in sorted(zip(scores, body["prompts"]), reverse=True)]}


@app.post("/v1/embed/image")
def embed_image(body: dict = fastapi.Body()):
    return {"embedding": clip.images(base64.b64decode(body["image"]))[0].tolist()}


@app.post("/v1/embed/text")
def embed_text(body: dict = fastapi.Body()):
    return {"embedding": clip.texts([body["text"]])[0].tolist()}


uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
