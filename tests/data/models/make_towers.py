"""Makes the text towers that no exporter was at hand for, with random weights, and towers.jsonl, what they must answer.

Each is a layer of attention in ONNX, computed a second time in numpy. The vision towers are those of the other models in
this folder; their rows are copied from expected.jsonl. Ids come from the package tokenizers. Tables of tokens are folded
(id modulo 251 and 509), so that a vocabulary of any size makes a small file.

usage: make_towers.py   (with `pip install numpy onnx tokenizers==0.23.3`)
"""
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import BertWordPieceTokenizer, Tokenizer

here = Path(__file__).parent
data = here.parent
WIDTH, HEADS, OUTPUT, FOLDS = 16, 2, 32, (251, 509)


class Graph:
    """Nodes and weights in the order in which they are asked for."""

    def __init__(self):
        self.nodes, self.weights = [], {}

    def add(self, op, inputs, **attributes):
        name = f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def constant(self, value, dtype=np.int64):
        name = f"constant_{len(self.weights)}"
        self.weights[name] = np.asarray(value, dtype)
        return name

    def weight(self, name, value):
        self.weights[name] = value
        return name


def make_weights(seed, positions):
    random = np.random.default_rng(seed)
    draw = lambda *shape, scale=1.0: (random.standard_normal(shape) * scale).astype(np.float32)
    weights = {f"tokens_{n}": draw(n, WIDTH) for n in FOLDS} | {"positions": draw(positions, WIDTH, scale=0.3), "types": draw(2, WIDTH)}
    for name in ("query", "key", "value", "out"):
        weights[name] = draw(WIDTH, WIDTH, scale=WIDTH ** -0.5)
    weights |= {"up": draw(WIDTH, 2 * WIDTH, scale=0.3), "down": draw(2 * WIDTH, WIDTH, scale=0.3),
                "projection": draw(WIDTH, OUTPUT, scale=WIDTH ** -0.5), "gain": 1 + draw(WIDTH, scale=0.1), "shift": draw(WIDTH, scale=0.1)}
    return weights


def reference(weights, ids, mask, pool, types):
    """One text: ids [length], mask [length] of 0 and 1 -> [OUTPUT], in double."""
    w = {name: value.astype(np.float64) for name, value in weights.items()}
    x = sum(w[f"tokens_{n}"][np.mod(ids, n)] for n in FOLDS) + w["positions"][: len(ids)]
    if types:
        x = x + w["types"][0]

    def norm(x):
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + 1e-5) * w["gain"] + w["shift"]

    x = norm(x)
    heads = lambda name: (x @ w[name]).reshape(len(ids), HEADS, WIDTH // HEADS).transpose(1, 0, 2)
    logits = heads("query") @ heads("key").transpose(0, 2, 1) / np.sqrt(WIDTH // HEADS) + (mask - 1) * 1e4
    attention = np.exp(logits - logits.max(-1, keepdims=True))
    attention /= attention.sum(-1, keepdims=True)
    x = x + (attention @ heads("value")).transpose(1, 0, 2).reshape(len(ids), WIDTH) @ w["out"]
    x = x + np.tanh(norm(x) @ w["up"]) @ w["down"]
    pooled = {"first": x[0], "last": x[-1], "mean": (x * mask[:, None]).sum(0) / mask.sum()}[pool]
    return pooled @ w["projection"]


def write_graph(path, weights, pool, shape, kind, names, output, mask_from_padding=None):
    """`names`: of the inputs, ids first. `mask_from_padding`: the padding's id where the graph finds the mask itself."""
    g = Graph()
    ids = g.add("Cast", [names[0]], to=TensorProto.INT64)
    x = None
    for n in FOLDS:
        folded = g.add("Mod", [ids, g.constant(n)])
        rows = g.add("Gather", [g.weight(f"tokens_{n}", weights[f"tokens_{n}"]), folded])
        x = rows if x is None else g.add("Add", [x, rows])
    length = g.add("Slice", [g.add("Shape", [ids]), g.constant([1]), g.constant([2])])
    x = g.add("Add", [x, g.add("Slice", [g.weight("positions", weights["positions"]), g.constant([0]), length])])
    if "token_type_ids" in names:
        x = g.add("Add", [x, g.add("Gather", [g.weight("types", weights["types"]), "token_type_ids"])])
    mask = None
    if "attention_mask" in names:
        mask = g.add("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    elif mask_from_padding is not None:
        mask = g.add("Cast", [g.add("Not", [g.add("Equal", [ids, g.constant(mask_from_padding)])])], to=TensorProto.FLOAT)
    gain, shift = g.weight("gain", weights["gain"]), g.weight("shift", weights["shift"])
    norm = lambda x: g.add("LayerNormalization", [x, gain, shift], axis=-1, epsilon=1e-5)
    x = norm(x)
    apart = g.constant([0, 0, HEADS, WIDTH // HEADS])

    def heads(name, order):
        split = g.add("Reshape", [g.add("MatMul", [x, g.weight(name, weights[name])]), apart])
        return g.add("Transpose", [split], perm=order)

    logits = g.add("MatMul", [heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1])])
    logits = g.add("Mul", [logits, g.constant((WIDTH // HEADS) ** -0.5, np.float32)])
    if mask:
        hidden = g.add("Mul", [g.add("Sub", [mask, g.constant(1, np.float32)]), g.constant(1e4, np.float32)])
        logits = g.add("Add", [logits, g.add("Unsqueeze", [hidden, g.constant([1, 2])])])
    mixed = g.add("MatMul", [g.add("Softmax", [logits], axis=-1), heads("value", [0, 2, 1, 3])])
    mixed = g.add("Reshape", [g.add("Transpose", [mixed], perm=[0, 2, 1, 3]), g.constant([0, 0, WIDTH])])
    x = g.add("Add", [x, g.add("MatMul", [mixed, g.weight("out", weights["out"])])])
    inner = g.add("Tanh", [g.add("MatMul", [norm(x), g.weight("up", weights["up"])])])
    x = g.add("Add", [x, g.add("MatMul", [inner, g.weight("down", weights["down"])])])
    if pool == "mean":
        kept = g.add("Mul", [x, g.add("Unsqueeze", [mask, g.constant([2])])])
        pooled = g.add("Div", [g.add("ReduceSum", [kept, g.constant([1])], keepdims=0),
                               g.add("ReduceSum", [mask, g.constant([1])], keepdims=1)])
    else:
        pooled = g.add("Gather", [x, g.constant(0 if pool == "first" else -1)], axis=1)
    g.nodes.append(helper.make_node("MatMul", [pooled, g.weight("projection", weights["projection"])], [output]))
    inputs = [helper.make_tensor_value_info(name, kind, shape) for name in names]
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, [shape[0], OUTPUT])]
    graph = helper.make_graph(g.nodes, "tower", inputs, outputs, [numpy_helper.from_array(v, k) for k, v in g.weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)


def write_json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")


def dual(folder, text):
    write_json(folder / "config.json", {"model_type": "vision-text-dual-encoder", "projection_dim": OUTPUT, "logit_scale_init_value": 2.6592,
                                        "text_config": text, "vision_config": {"model_type": "clip_vision_model", "image_size": 32}})
    write_json(folder / "preprocessor_config.json", json.loads((here / "xenova/preprocessor_config.json").read_text()))


def open_clip(folder, text):
    config = json.loads((here / "immich/config.json").read_text())
    write_json(folder / "config.json", config | {"text_cfg": text} if text else config)
    write_json(folder / "visual/preprocess_cfg.json", json.loads((here / "immich/visual/preprocess_cfg.json").read_text()))


def dual_bert(folder):
    dual(folder, {"model_type": "bert", "max_position_embeddings": 512})
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "pad_token": "[PAD]"})


def dual_xlm_roberta(folder):
    dual(folder, {"model_type": "xlm-roberta", "max_position_embeddings": 514})
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "XLMRobertaTokenizer", "pad_token": "<pad>"})


def siglip2(folder):
    write_json(folder / "config.json", {"model_type": "siglip", "text_config": {"model_type": "siglip_text_model", "hidden_size": OUTPUT},
                                        "vision_config": {"model_type": "siglip_vision_model", "hidden_size": OUTPUT, "image_size": 32}})
    write_json(folder / "preprocessor_config.json", json.loads((here / "siglip/preprocessor_config.json").read_text()))
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "GemmaTokenizer", "add_bos_token": False, "add_eos_token": True,
                                                  "do_lower_case": True, "pad_token": "<pad>"})


def m_clip(folder):
    open_clip(folder, None)  # the configuration is the vision tower's own, CLIP's
    write_json(folder / "textual/tokenizer_config.json", {"tokenizer_class": "XLMRobertaTokenizer", "pad_token": "<pad>"})


def nllb(folder):
    open_clip(folder, {"hf_model_name": "facebook/nllb-200-distilled-600M", "hf_tokenizer_name": "facebook/nllb-200-distilled-600M"})
    write_json(folder / "textual/tokenizer_config.json", {"tokenizer_class": "NllbTokenizer", "pad_token": "<pad>"})


def from_file(name):
    return Tokenizer.from_file(str(data / "sentencepiece" / f"{name}.json"))


BERT = BertWordPieceTokenizer(str(data / "bert/vocab.txt"), lowercase=True)
ANY, LONG, INT = ["batch_size", "sequence_length"], TensorProto.INT64, TensorProto.INT32
# folder: configuration, tokenizer, vision model, pooling, text graph, shape, type, inputs, output, (length, padding), logits
TOWERS = {
    "dual-bert": (dual_bert, BERT, "xenova", "first", "onnx/text_model.onnx", ANY, LONG,
                  ["input_ids", "attention_mask", "token_type_ids"], "text_embeds", None, (float(np.exp(2.6592)), 0)),
    "dual-xlm-roberta": (dual_xlm_roberta, from_file("xlm_roberta"), "xenova", "first", "onnx/text_model.onnx", ANY, LONG,
                         ["input_ids", "attention_mask"], "text_embeds", None, (float(np.exp(2.6592)), 0)),
    "siglip2": (siglip2, from_file("gemma"), "siglip", "last", "onnx/text_model.onnx", ANY, LONG,
                ["input_ids"], "pooler_output", (64, 0), (12.5, -6.5)),
    "m-clip": (m_clip, from_file("xlm_roberta"), "immich", "mean", "textual/model.onnx", [1, 77], INT,
               ["input_ids", "attention_mask"], "embedding", None, (100.0, 0)),
    "nllb-clip": (nllb, from_file("nllb"), "immich", "first", "textual/model.onnx", [1, 77], INT, ["text"], "embedding", None, (100.0, 0)),
}

expected = [json.loads(line) for line in open(here / "expected.jsonl")]
rows_of = lambda model, kind: [row for row in expected if row["model"] == model and row["kind"] == kind]
texts = [row["text"] for row in rows_of("xenova", "text")]
short = lambda values: [float(f"{v:.9g}") for v in values]
with open(here / "towers.jsonl", "w") as out:
    write = lambda **row: out.write(json.dumps(row, separators=(",", ":")) + "\n")
    for seed, (name, (configure, tokenizer, vision, pool, file, shape, kind, inputs, output, padded, (scale, bias))) in enumerate(TOWERS.items()):
        configure(here / name)
        context = padded[0] if padded else 77 if shape[1] == 77 else 512
        weights = make_weights(seed, context)
        write_graph(here / name / file, weights, pool, shape, kind, inputs, output, 1 if inputs == ["text"] else None)
        pictures, embeddings = {}, {}
        for row in rows_of(vision, "image"):
            pictures[row["image"]] = np.array(row["normalised"])
            write(model=name, kind="image", image=row["image"], normalised=row["normalised"])
        for text in texts:
            ids = tokenizer.encode(text).ids
            if len(ids) > context:  # the end token stays
                ids = ids[: context - 1] + ids[-1:]
            full = ids if padded is None else ids + [padded[1]] * (padded[0] - len(ids))
            embedding = reference(weights, np.array(full), np.ones(len(full)), pool, "token_type_ids" in inputs)
            embeddings[text] = embedding / np.linalg.norm(embedding)
            write(model=name, kind="text", text=text, ids=ids, normalised=short(embeddings[text]))
        for row in rows_of("xenova", "scores"):
            cosine = np.array([pictures[row["image"]] @ embeddings[text] for text in row["texts"]])
            logits = scale * cosine + bias
            powers = np.exp(logits - logits.max())
            scores = 1 / (1 + np.exp(-logits)) if bias else powers / powers.sum()
            write(model=name, kind="scores", image=row["image"], texts=row["texts"], cosine=short(cosine), logits=short(logits),
                  activation="sigmoid" if bias else "softmax", scores=short(scores))
        print(name, "done")
