"""A tiny published data set, and a web server that serves it in every way that can go wrong."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from paribus.data import CIFAR10, Gurmukhi
from paribus.data.base import Source
from paribus.data.checksums import sha256
from paribus.data.official import FileSet, OfficialFile

BYTES = {"images.gz": bytes(range(256)) * 700, "labels.gz": b"labels" * 20}


class Server(ThreadingHTTPServer):
    """Serves `bodies` by path; `announced` overrides the length that it promises for a path."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: dict[str, bytes] = {}
        self.announced: dict[str, int | None] = {}
        self.asked: list[str] = []

    def mirror(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}/"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.bodies.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        length = self.server.announced.get(self.path, len(body))
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def tiny(server: Server) -> FileSet:
    """Two files on two mirrors: nothing at the first, everything at the second."""
    server.bodies.update({f"/good/{name}": content for name, content in BYTES.items()})
    files = [OfficialFile(n, len(c), f"md5-of-{n}", sha256(c)) for n, c in BYTES.items()]
    return FileSet("tiny", "Tiny", tuple(files), (server.mirror("none"), server.mirror("good")))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that holds the whole of Tiny, in its place."""
    home = tmp_path / "data" / "tiny"
    home.mkdir(parents=True)
    for name, content in BYTES.items():
        (home / name).write_bytes(content)
    return home.parent


@pytest.fixture(scope="session")
def real() -> Source:
    """The real data sets, where the environment says that they are."""
    named = os.environ.get("PARIBUS_DATA")
    if not named:
        pytest.skip("needs the real files: set PARIBUS_DATA to a folder that has them")
    return Source(folder=Path(named))


@pytest.fixture(scope="session")
def real_cifar10(real: Source) -> Source:
    """The real CIFAR-10, which fewer people have at hand than the smaller sets."""
    if CIFAR10().locate(real).state == "absent":
        pytest.skip(f"needs the real files: there is no CIFAR-10 in {real.folder}")
    return real


@pytest.fixture(scope="session")
def real_gurmukhi(real: Source) -> Source:
    """The real Gurmukhi digits, which are not downloaded."""
    if Gurmukhi().locate(real).state == "absent":
        pytest.skip(f"needs the real files: there are no Gurmukhi digits in {real.folder}")
    return real
