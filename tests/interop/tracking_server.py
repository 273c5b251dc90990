"""A real MLflow tracking server as a process of its own, with a database that is new."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

COMMAND = "PARIBUS_MLFLOW"
"""Names the `mlflow` of another environment, for one that has not the full package."""
START_SECONDS = 180
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def command():
    """The words that start MLflow with its server, or None where it is not installed."""
    named = os.environ.get(COMMAND)
    if named:
        return [shutil.which(named) or named]
    if all(importlib.util.find_spec(one) for one in ("mlflow", "flask", "huey", "alembic")):
        return [sys.executable, "-m", "mlflow"]
    return None


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def serving(folder):
    """The address of a server that keeps its runs in this folder."""
    port = free_port()
    words = [
        *command(),
        "server",
        "--backend-store-uri",
        f"sqlite:///{folder / 'runs.sqlite'}",
        "--default-artifact-root",
        str(folder / "artifacts"),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            words,
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**os.environ, **QUIET},
            start_new_session=True,
        )
    try:
        _wait(process, port, folder / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # its own group: it starts workers
        process.wait(30)


def _wait(process, port, log):
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(log.read_text())
