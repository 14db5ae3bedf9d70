"""CLIP the way most people write it in Python: Pillow, tokenizers and ONNX Runtime on a Hugging Face folder."""
import io
import json
import pathlib

import numpy as np
import onnxruntime
from PIL import Image
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

CONTEXT = 77
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


class Clip:
    def __init__(self, folder: pathlib.Path, threads: int):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.vision, self.text = (
            onnxruntime.InferenceSession(str(folder / "onnx" / name), options, providers=["CPUExecutionProvider"])
            for name in ("vision_model.onnx", "text_model.onnx"))
        vocabulary = json.loads((folder / "vocab.json").read_text())
        merges = [tuple(line.split()) for line in (folder / "merges.txt").read_text().splitlines()[1:] if line]
        self.start, self.end = vocabulary["<|startoftext|>"], vocabulary["<|endoftext|>"]
        self.tokenizer = Tokenizer(models.BPE(vocabulary, merges, end_of_word_suffix="</w>"))
        self.tokenizer.normalizer = normalizers.Sequence(
            [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
        self.tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Split(Regex(WORDS), "removed", invert=True),
             pre_tokenizers.ByteLevel(add_prefix_space=False)])
        settings = json.loads((folder / "preprocessor_config.json").read_text())
        self.mean, self.std = (np.array(settings[key], np.float32) for key in ("image_mean", "image_std"))
        crop = settings["crop_size"]
        self.size = crop["height"] if isinstance(crop, dict) else crop
        self.scale = 100.0

    def pixels(self, data: bytes) -> np.ndarray:
        picture = Image.open(io.BytesIO(data)).convert("RGB")
        side = min(picture.size)
        picture = picture.resize([int(self.size * length / side) for length in picture.size], Image.Resampling.BICUBIC)
        left, top = ((length - self.size) // 2 for length in picture.size)
        picture = picture.crop((left, top, left + self.size, top + self.size))
        values = (np.asarray(picture, np.float32) / 255 - self.mean) / self.std
        return values.transpose(2, 0, 1)[None]

    def images(self, data: bytes) -> np.ndarray:
        return self._unit(self.vision.run(None, {self.vision.get_inputs()[0].name: self.pixels(data)})[0])

    def texts(self, texts: list, pad_to: int | None = None) -> np.ndarray:
        """All in one batch; `pad_to` None: as long as the longest."""
        rows = [[self.start] + self.tokenizer.encode(text).ids[:CONTEXT - 2] + [self.end] for text in texts]
        length = pad_to or max(map(len, rows))
        ids = np.array([row + [self.end] * (length - len(row)) for row in rows], np.int64)
        mask = np.array([[1] * len(row) + [0] * (length - len(row)) for row in rows], np.int64)
        known = {"input_ids": ids, "attention_mask": mask}
        return self._unit(self.text.run(None, {i.name: known[i.name] for i in self.text.get_inputs()})[0])

    def scores(self, image: np.ndarray, texts: np.ndarray) -> list:
        logits = self.scale * (image @ texts.T)[0]
        weights = np.exp(logits - logits.max())
        return (weights / weights.sum()).tolist()

    @staticmethod
    def _unit(rows: np.ndarray) -> np.ndarray:
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)
