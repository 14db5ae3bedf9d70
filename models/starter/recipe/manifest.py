"""manifest.yaml of the model, without self-test vectors: `hailo-clip models seal DIR` records those."""
import hashlib
import pathlib

import backbone
import export
from tokenizer import CONTEXT

LOGIT_SCALE = 18
# Fitted by limit.py: the best of ten prompts that do not fit stays below it 19 times of 20.
NONE_OF_THESE_BELOW = 0.22
# All is computed in float32 from weights that are stored as integers: only the order of sums may differ.
MIN_COSINE = 0.999999

TEXT = """\
schema: 1
name: "starter"
family: clip
embedding_dimension: {dimension}
scoring:
  activation: softmax
  logit_scale: {scale}
  none_of_these_below: {limit}
image:
  resize: shortest_side
  resize_size: {resize}
  crop_size: {side}
  crop_rounding: half_to_even
  interpolation: bicubic
  mean: [{mean:.6f}, {mean:.6f}, {mean:.6f}]
  std: [{std:.6f}, {std:.6f}, {std:.6f}]
text:
  tokenizer:
    kind: clip_bpe
    files:
      "merges.txt": "{merges}"
  context_length: {context}
  pad_id: 0
encoders:
  onnx:
    image:
      file: "image.onnx"
      sha256: "{image}"
      input: "pixel_values"
      output: "image_embeds"
      best_batch: 4
    text:
      file: "text.onnx"
      sha256: "{text}"
      input: "input_ids"
      output: "text_embeds"
licence: "Apache-2.0, with parts under MIT and the WordNet licence (see CARD.md)"
source: "models/starter/CARD.md"
revision: "{revision}"
self_test:
  min_cosine: {min_cosine}
  images: []
  texts: []
"""


def write(folder: pathlib.Path, revision: str) -> None:
    sha256 = lambda file: hashlib.sha256((folder / file).read_bytes()).hexdigest()
    text = TEXT.format(
        dimension=export.WIDTH,
        scale=LOGIT_SCALE,
        limit=NONE_OF_THESE_BELOW,
        resize=backbone.RESIZE,
        side=backbone.SIDE,
        mean=backbone.MEAN,
        std=backbone.STD,
        merges=sha256("merges.txt"),
        context=CONTEXT,
        image=sha256("image.onnx"),
        text=sha256("text.onnx"),
        revision=revision,
        min_cosine=MIN_COSINE,
    )
    (folder / "manifest.yaml").write_text(text)
