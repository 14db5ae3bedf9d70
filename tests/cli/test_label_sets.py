"""Label sets on the command line."""
import json

from conftest import IMAGES, ROOT


def test_a_set_is_made_from_a_text_file_used_and_removed(run, tmp_path):
    (tmp_path / "labels.txt").write_text("a cat\r\na dog  \n\na cup of coffee\n")
    assert "with 3 labels made" in run("label-sets", "add", "mine", "--labels", "labels.txt", "--template", "photo").stdout
    assert "with 3 labels replaced" in run("label-sets", "add", "mine", "--labels", "labels.txt").stdout
    assert json.loads(run("label-sets", "show", "mine").stdout) == {"labels": ["a cat", "a dog", "a cup of coffee"]}
    rows = [line.split() for line in run("label-sets", "list").stdout.splitlines()]
    assert ["mine", "3"] in [row[:2] for row in rows]
    answer = json.loads(run("classify", IMAGES / "photo_cat.png", "--label-set", "mine", "--json").stdout)
    assert answer["classifications"][0]["text"] == "a cat"
    assert list((tmp_path / "data/hailo-clip/label-sets/compiled").iterdir())
    run("label-sets", "rm", "mine")
    assert "mine" not in run("label-sets", "list").stdout
    assert not list((tmp_path / "data/hailo-clip/label-sets/compiled").iterdir())


def test_every_shipped_set_can_be_used_and_none_removed(run):
    names = sorted(path.stem for path in (ROOT / "share/label-sets").glob("*.json"))
    listed = [line.split()[0] for line in run("label-sets", "list").stdout.splitlines()[1:]]
    assert listed == names and names
    for name in names:
        answer = json.loads(run("classify", IMAGES / "photo_cat.png", "--label-set", name, "--json").stdout)
        assert answer["classifications"][0]["text"] in json.loads(run("label-sets", "show", name).stdout)["labels"]
        assert "comes with the program" in run("label-sets", "rm", name, status=2).stderr


def test_mistakes_are_named(run, tmp_path):
    (tmp_path / "twice.txt").write_text("a\nb\na\n")
    (tmp_path / "latin1.txt").write_bytes("Hündchen\n".encode("latin-1"))
    (tmp_path / "empty.txt").write_text("\n\n")
    assert "is the same as [0], 'a'" in run("label-sets", "add", "x", "--labels", "twice.txt", status=2).stderr
    assert "iconv" in run("label-sets", "add", "x", "--labels", "latin1.txt", status=2).stderr
    assert "1 to 100000 labels, not 0" in run("label-sets", "add", "x", "--labels", "empty.txt", status=2).stderr
    assert "missing.txt" in run("label-sets", "add", "x", "--labels", "missing.txt", status=2).stderr
    assert "cannot name a label set" in run("label-sets", "add", "../x", "--labels", "twice.txt", status=2).stderr
    assert "there are: home-security" in run("label-sets", "show", "nothing", status=3).stderr
    cat = IMAGES / "photo_cat.png"
    assert "there is no label set 'x'" in run("classify", cat, "--label-set", "x", status=3).stderr
    assert "labels and templates of its own" in run("classify", cat, "--label-set", "pets", "-p", "a", status=2).stderr
