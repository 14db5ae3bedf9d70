"""Bad bodies: each gets a fitting status and one sentence that names what is wrong.

`pytest -s -k bad_bodies` prints the table (and leaves it in bad_bodies.md of the test's folder).
"""

import base64
import json

from service import photo

JSON = "application/json"
FORM = "multipart/form-data; boundary=XX"
PART = '--XX\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'


def cases(cat):
    """(what it is, path, content type, body, status, words of the message)"""

    def classify(**fields):
        return json.dumps({"image": cat, "prompts": ["a", "b"], **fields})

    def without(name):
        fields = {"image": cat, "prompts": ["a"]}
        del fields[name]
        return json.dumps(fields)

    text = base64.b64encode(b"this is text, not a picture").decode()
    cut = base64.b64encode(photo("photo_coffee.jpg")[:20000]).decode()
    c, i, t, o = "/v1/classify", "/v1/embed/image", "/v1/embed/text", "/v1/embeddings"
    return [
        ("no body", c, JSON, "", 400, "No JSON body"),
        ("white space only", c, JSON, " \n ", 400, "No JSON body"),
        ("cut-off JSON", c, JSON, '{"image": "', 400, "malformed JSON"),
        ("not JSON", c, JSON, "image=abc", 400, "malformed JSON"),
        ("two documents", c, JSON, "{}{}", 400, "malformed JSON"),
        ("trailing comma", c, JSON, '{"prompts": ["a",]}', 400, "malformed JSON"),
        ("single quotes", c, JSON, "{'prompts': []}", 400, "malformed JSON"),
        ("an array", c, JSON, "[]", 400, "must be an object"),
        ("a string", c, JSON, '"a"', 400, "must be an object"),
        ("null", c, JSON, "null", 400, "must be an object"),
        ("bytes that are not UTF-8", c, JSON, b'{"image": "\xff\xfe"}', 400, "UTF-8"),
        ("half a surrogate pair", c, JSON, '{"prompts": ["\\ud800"]}', 400, "surrogate"),
        ("a raw control character", c, JSON, '{"prompts": ["a\nb"]}', 400, "control character"),
        ("a NUL in a prompt", c, JSON, classify(prompts=["a\0b"]), 400, "NUL"),
        ("100,000 levels deep", c, JSON, "[" * 100_000 + "]" * 100_000, 400, "deeper than"),
        ("a number out of range", c, JSON, '{"top_k": 1e999}', 400, "number"),
        ("a million values", c, JSON, "[" + "0," * 1_000_000 + "0]", 400, "500000"),
        ("the same field twice", c, JSON, '{"prompts": ["a"], "prompts": ["b"]}', 400, "occurs twice"),
        ("a misspelt field", c, JSON, json.dumps({"image": cat, "promts": ["a"]}), 400, "did you mean 'prompts'"),
        ("a field in another style", c, JSON, classify(topK=1), 400, "did you mean 'top_k'"),
        ("no image", c, JSON, without("image"), 400, "Missing 'image' field"),
        ("no prompts", c, JSON, without("prompts"), 400, "Missing or invalid 'prompts' array"),
        ("prompts: null", c, JSON, classify(prompts=None), 400, "Missing or invalid 'prompts' array"),
        ("prompts: a string", c, JSON, classify(prompts="a cat"), 400, "array of strings"),
        ("prompts: empty", c, JSON, classify(prompts=[]), 400, "must not be empty"),
        ("prompts: a number inside", c, JSON, classify(prompts=["a", 1]), 400, "[1] must be a string"),
        ("prompts: a blank one", c, JSON, classify(prompts=["a", " \t"]), 400, "prompts[1] must not be empty"),
        ("prompts: 1,001", c, JSON, classify(prompts=["a"] * 1001), 400, "more than 1000"),
        ("prompts: one of 4,001 bytes", c, JSON, classify(prompts=["a" * 4001]), 400, "longer than 4000"),
        ("image: a number", c, JSON, classify(image=7), 400, "'image' must be a string"),
        ("image: empty", c, JSON, classify(image=""), 400, "Failed to decode image"),
        ("image: not base64", c, JSON, classify(image="a cat!"), 400, "Failed to decode image"),
        ("image: base64 cut off", c, JSON, classify(image="abcde"), 400, "Failed to decode image"),
        ("image: base64 of a text", c, JSON, classify(image=text), 415, "Failed to decode image"),
        ("image: half a JPEG", c, JSON, classify(image=cut), 400, "Failed to decode image"),
        ("image: a URL", c, JSON, classify(image="https://example.com/a.jpg"), 400, "URL"),
        ("image: a data URI of text", c, JSON, classify(image="data:text/plain;base64,YQ=="), 400, "text/plain"),
        ("image: a data URI, not base64", c, JSON, classify(image="data:image/png,abc"), 400, "base64"),
        ("image_url", c, JSON, classify(image_url="http://example.com"), 400, "not supported yet"),
        ("top_k: 0", c, JSON, classify(top_k=0), 400, "'top_k' must be an integer >= 1"),
        ("top_k: 2.5", c, JSON, classify(top_k=2.5), 400, "'top_k' must be an integer >= 1"),
        ("top_k: a string", c, JSON, classify(top_k="3"), 400, "'top_k' must be an integer >= 1"),
        ("threshold: 1.5", c, JSON, classify(threshold=1.5), 400, "'threshold' must be a number from 0 to 1"),
        ("threshold: true", c, JSON, classify(threshold=True), 400, "'threshold' must be a number from 0 to 1"),
        ("reject_below: 2", c, JSON, classify(reject_below=2), 400, "'reject_below' must be a number from -1 to 1"),
        ("apply_softmax: yes", c, JSON, classify(apply_softmax="yes"), 400, "must be true or false"),
        ("templates: unknown name", c, JSON, classify(templates="art"), 400, '"photo"'),
        ("templates: without {}", c, JSON, classify(templates=["a photo"]), 400, "'templates'[0]"),
        ("templates: 101", c, JSON, classify(templates=["{}"] * 101), 400, "more than 100"),
        ("model: a number", c, JSON, classify(model=1), 400, "'model' must be a string"),
        ("model: unknown", c, JSON, classify(model="gpt-5"), 422, "'gpt-5'"),
        ("wrong content type", c, "text/plain", classify(), 415, "application/json"),
        ("a form as JSON", c, "application/x-www-form-urlencoded", "image=a", 415, "application/json"),
        ("multipart without boundary", c, "multipart/form-data", "--XX--", 400, "boundary"),
        ("multipart cut off", c, FORM, PART.format("prompts", "", "a"), 400, "cut off"),
        ("multipart without image", c, FORM, PART.format("prompts", "", "a") + "--XX--", 400, "Missing 'image'"),
        ("multipart: image is text", c, FORM, PART.format("image", "", "a") + "--XX--", 400, "must be a file"),
        ("multipart: broken prompts", c, FORM,
         PART.format("image", '; filename="a"', "a") + PART.format("prompts", "", '["a"') + "--XX--", 400, "JSON array"),
        ("raw picture: empty", i, "image/jpeg", "", 400, "the body is empty"),
        ("raw picture: a text", i, "image/jpeg", "hello", 415, "Failed to decode image"),
        ("embed/image: image and images", i, JSON, json.dumps({"image": cat, "images": [cat]}), 400, "not both"),
        ("embed/image: 65 pictures", i, JSON, json.dumps({"images": ["YQ=="] * 65}), 400, "more than 64"),
        ("embed/image: second is bad", i, JSON, json.dumps({"images": [cat, "*"]}), 400, "images[1]"),
        ("embed/text: no text", t, JSON, "{}", 400, "Missing 'text' field"),
        ("embed/text: text is a list", t, JSON, '{"text": ["a"]}', 400, "'text' must be a string"),
        ("embed/text: 2,049 texts", t, JSON, json.dumps({"texts": ["a"] * 2049}), 400, "more than 2048"),
        ("OpenAI: no input", o, JSON, '{"model": "starter"}', 400, "'input' is missing"),
        ("OpenAI: token ids", o, JSON, '{"input": [[1, 2]]}', 400, "check_embedding_ctx_length=False"),
        ("OpenAI: dimensions", o, JSON, '{"input": "a", "dimensions": 8}', 400, "'dimensions'"),
        ("OpenAI: encoding_format", o, JSON, '{"input": "a", "encoding_format": "int8"}', 400, "'encoding_format'"),
        ("OpenAI: unknown model", o, JSON, '{"input": "a", "model": "gpt-5"}', 404, "'gpt-5'"),
        ("unknown route", "/v2/nothing", JSON, "{}", 404, "Endpoint not found"),
    ]


def test_bad_bodies(service, cat, tmp_path):
    rows, wrong = [], []
    for name, path, content_type, body, status, words in cases(cat):
        data = body if isinstance(body, bytes) else body.encode()
        answer = service.post(path, data=data, headers={"Content-Type": content_type})
        error = answer.json()["error"]
        message = error if isinstance(error, str) else error["message"]
        rows.append(f"| {name} | `{path}` | {answer.status_code} | {message} |")
        if answer.status_code != status or words not in message:
            wrong.append((name, answer.status_code, message))
    table = "\n".join(["| body | route | status | message |", "|---|---|---|---|", *rows])
    (tmp_path / "bad_bodies.md").write_text(table + "\n")
    print("\n" + table)
    assert len(rows) >= 50
    assert wrong == []
    assert service.get("/health").status_code == 200
