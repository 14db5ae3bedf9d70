"""Help, completion, doctor and configuration, as a person meets them."""
import os
import re
import socket
import subprocess

from conftest import BINARY, ROOT

COMPLETION = ROOT / "packaging/hailo-clip.bash"


def complete(environment, *words):
    script = f"""
        source {COMPLETION}
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _hailo_clip
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    result = subprocess.run(["bash", "-c", script, "bash", str(BINARY), *words], capture_output=True, text=True, env=environment)
    return set(result.stdout.split())


def test_completion_knows_every_command_and_flag(run, environment):
    commands = set(re.findall(r"^  ([\w-]+)\s", run("--help").stdout.split("Subcommands:")[1].split("Examples:")[0], re.M))
    assert {"serve", "classify", "embed", "models", "label-sets", "keys", "config", "doctor"} <= commands
    assert commands <= complete(environment, "")
    for command in commands - {"models", "label-sets", "bench", "keys", "config"}:
        flags = set(re.findall(r"(--[a-z-]+)", run(command, "--help").stdout.split("Options:")[1].split("Example")[0]))
        assert flags - complete(environment, command, "--") == set(), command
    for group in ("models", "label-sets", "bench", "keys", "config"):
        subcommands = set(re.findall(r"^  (\w+)\s", run(group, "--help").stdout.split("Subcommands:")[1].split("Examples:")[0], re.M))
        assert subcommands <= complete(environment, group, ""), group
    assert "starter" in complete(environment, "classify", "--model", "")


def test_every_help_page_has_an_example_or_is_self_evident(run):
    for command in ("serve", "classify", "embed"):
        assert f"hailo-clip {command}" in run(command, "--help").stdout


def test_doctor_says_all_is_well_and_names_who_has_the_port(run):
    assert "All well" in run("doctor", "--set", "server.port=1").stdout
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"(pid {os.getpid()})" in run("doctor", "--set", f"server.port={port}").stdout


def test_a_taken_port_is_status_4_and_names_the_owner(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = run("serve", "--port", taken.getsockname()[1], status=4)
        assert f"(pid {os.getpid()})" in result.stderr and "--port" in result.stderr


def test_the_configuration_shown_can_be_read_back(run, tmp_path):
    shown = run("config", "show", "--set", "server.port=5055", "--set", "performance.max_queue_size=3").stdout
    (tmp_path / "again.yaml").write_text(shown)
    assert run("config", "show", "--config", "again.yaml").stdout == shown
    assert "port: 5055" in shown


def test_the_environment_overrides_the_file_and_flags_override_both(run, tmp_path):
    (tmp_path / "c.yaml").write_text("server:\n  port: 5001\n")
    show = lambda *flags, env=None: run("config", "show", "--config", "c.yaml", *flags, env=env).stdout
    assert "port: 5001" in show()
    assert "port: 5002" in show(env={"HAILO_CLIP_SERVER_PORT": "5002"})
    assert "port: 5003" in show("--set", "server.port=5003", env={"HAILO_CLIP_SERVER_PORT": "5002"})


def test_mistakes_in_the_configuration_are_named_with_their_line(run, tmp_path):
    (tmp_path / "c.yaml").write_text("server:\n  port: 5001\nclip:\n  modle: x\n")
    message = run("config", "check", "--config", "c.yaml", status=2).stderr
    assert "c.yaml:4" in message and "clip.model" in message
    assert "HAILO_CLIP_SERVER_PROT" in run("config", "check", status=2, env={"HAILO_CLIP_SERVER_PROT": "1"}).stderr
    run("config", "check", "--config", "missing.yaml", status=2)
