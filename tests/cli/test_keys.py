"""hailo-clip keys: making, listing and revoking API keys."""
import os
import re
import stat


def test_a_key_is_printed_once_and_only_its_hash_is_kept(run, tmp_path):
    result = run("keys", "add", "kitchen-tablet")
    assert re.fullmatch(r"hck_[a-z2-7]{52}\n", result.stdout), "the key alone, for scripts"
    assert "kitchen-tablet" in result.stderr and "first" in result.stderr
    key = result.stdout.strip()
    kept = (tmp_path / "keys").read_text()
    assert re.search(r"^kitchen-tablet \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ sha256:[0-9a-f]{64}$", kept, re.M)
    assert key not in kept and key[4:] not in kept
    second = run("keys", "add", "door")
    assert second.stdout != result.stdout and "first" not in second.stderr


def test_the_file_is_for_its_owner_and_group_and_nothing_is_left_beside_it(run, tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    run("keys", "add", "a", "--set", f"server.keys_file={folder}/keys")
    status = (folder / "keys").stat()
    assert stat.S_IMODE(status.st_mode) == 0o640
    assert status.st_gid == folder.stat().st_gid
    assert os.listdir(folder) == ["keys"]


def test_keys_are_listed_and_revoked_by_name(run):
    run("keys", "add", "a")
    run("keys", "add", "b")
    rows = [line.split()[0] for line in run("keys", "list").stdout.splitlines()]
    assert rows == ["NAME", "a", "b"]
    assert "revoked" in run("keys", "revoke", "a").stdout
    assert "there is no key 'a'" in run("keys", "revoke", "a", status=2).stderr
    assert [line.split()[0] for line in run("keys", "list").stdout.splitlines()] == ["NAME", "b"]


def test_the_last_key_is_not_revoked_by_mistake(run):
    run("keys", "add", "a")
    assert "--last" in run("keys", "revoke", "a", status=2).stderr
    assert "\na " in run("keys", "list").stdout
    assert "nobody needs a key" in run("keys", "revoke", "a", "--last").stdout
    assert "whoever reaches" in run("keys", "list").stderr


def test_bad_names_and_files_are_refused_with_a_remedy(run, tmp_path):
    run("keys", "add", "a")
    assert "already" in run("keys", "add", "a", status=2).stderr
    assert "must be 1 to 64" in run("keys", "add", "a b", status=2).stderr
    run("keys", "add", status=2)
    missing = run("keys", "add", "a", "--set", "server.keys_file=/no/such/folder/keys", status=2).stderr
    assert "/no/such/folder" in missing and "server.keys_file" in missing
    (tmp_path / "keys").write_text("secret words\n")
    for command in (["keys", "list"], ["keys", "add", "b"], ["serve", "--port", "0"]):
        message = run(*command, status=2).stderr
        assert "keys:1: must be" in message and "secret" not in message
    assert (tmp_path / "keys").read_text() == "secret words\n"


def test_doctor_tells_of_keys(run):
    assert "API keys       none" in run("doctor", "--set", "server.port=1").stdout
    run("keys", "add", "a")
    assert "API keys       1; requests need one" in run("doctor", "--set", "server.port=1").stdout
