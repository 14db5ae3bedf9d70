"""What the service tells systemd, and the socket that it takes over; systemd is played by the test."""

import json
import os
import signal
import socket
import subprocess

import pytest
import requests

from service import BINARY, READY_SECONDS, ROOT


class Manager:
    """A notify socket like the one that systemd gives to a service."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(READY_SECONDS)

    def wait_for(self, line):
        """The lines of the first message that holds `line`; the messages before it are dropped."""
        while True:
            lines = self.socket.recv(65536).decode().split("\n")
            if line in lines:
                return lines


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path)
    yield manager
    manager.socket.close()


@pytest.fixture
def start(tmp_path, manager):
    processes = []

    def start_with(**options):
        config = {"server": {"host": "127.0.0.1", "port": 0}, **options.pop("sections", {})}
        (tmp_path / "hailo-clip.yaml").write_text(json.dumps(config))
        environment = {key: value for key, value in os.environ.items() if not key.startswith("HAILO_CLIP_")}
        environment |= {"XDG_DATA_HOME": str(tmp_path / "share"), "NOTIFY_SOCKET": manager.path,
                        **options.pop("environment", {})}
        command = [BINARY, "serve", "--config", str(tmp_path / "hailo-clip.yaml")]
        # LISTEN_PID and WATCHDOG_PID must be the program's own: the shell that sets them becomes the program.
        shell = '[ -z "$LISTEN_FDS" ] || export LISTEN_PID=$$; exec "$@"'
        processes.append(subprocess.Popen(["sh", "-c", shell, "sh", *command], env=environment,
                                          stderr=(tmp_path / "log").open("w"), **options))
        return processes[-1]

    yield start_with
    for process in processes:
        process.kill()
        process.wait()


def test_is_ready_after_the_self_test_and_says_when_it_stops(start, manager):
    process = start()
    assert "STATUS=serving starter on onnx-cpu" in manager.wait_for("READY=1")
    process.send_signal(signal.SIGHUP)
    assert any(line.startswith("MONOTONIC_USEC=") for line in manager.wait_for("RELOADING=1"))
    manager.wait_for("READY=1")
    process.send_signal(signal.SIGTERM)
    manager.wait_for("STOPPING=1")
    assert process.wait(timeout=60) == 0


def test_feeds_the_watchdog(start, manager):
    start(environment={"WATCHDOG_USEC": "600000"})
    manager.wait_for("READY=1")
    for _ in range(3):
        manager.wait_for("WATCHDOG=1")


def test_a_damaged_model_is_never_ready_but_says_why(start, manager, tmp_path):
    model = tmp_path / "models" / "starter"
    model.mkdir(parents=True)
    for file in (ROOT / "models" / "starter").iterdir():
        if file.is_file():
            (model / file.name).write_bytes(file.read_bytes())
    damaged = bytearray((model / "text.onnx").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (model / "text.onnx").write_bytes(damaged)
    process = start(sections={"models": {"dirs": [str(tmp_path / "models")]}})
    while True:
        message = manager.socket.recv(65536).decode()
        assert "READY=1" not in message
        if "STATUS=unhealthy: " in message:
            break
    assert "text.onnx" in message
    assert process.poll() is None


def test_serves_on_the_socket_that_it_is_given(start, manager):
    listener = socket.create_server(("127.0.0.1", 0))
    saved = os.dup(3) if os.path.exists("/proc/self/fd/3") else None
    os.dup2(listener.fileno(), 3)  # SD_LISTEN_FDS_START
    try:
        start(environment={"LISTEN_FDS": "1"}, pass_fds=(3,))
    finally:
        if saved is None:
            os.close(3)
        else:
            os.dup2(saved, 3)
            os.close(saved)
    manager.wait_for("READY=1")
    port = listener.getsockname()[1]
    assert requests.get(f"http://127.0.0.1:{port}/health", timeout=30).json()["status"] == "healthy"


def test_refuses_a_socket_that_does_not_listen(start, tmp_path):
    one, other = socket.socketpair()
    saved = os.dup(3) if os.path.exists("/proc/self/fd/3") else None
    os.dup2(one.fileno(), 3)
    try:
        process = start(environment={"LISTEN_FDS": "1"}, pass_fds=(3,))
    finally:
        if saved is None:
            os.close(3)
        else:
            os.dup2(saved, 3)
            os.close(saved)
    assert process.wait(timeout=60) == 2
    assert "hailo-clip.socket" in (tmp_path / "log").read_text()
    one.close()
    other.close()
