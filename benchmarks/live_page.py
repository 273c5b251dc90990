"""What a running study loses to its live page: ten clients follow it while it is trained.

Trains a built-in study in empty labs, alone and followed in turn, as users start it: `paribus run`
in one process, `paribus ui` in another. Each client keeps a stream of events open and, as the
page's script does, fetches the page and its charts anew with each version that it is told. Prints
the ratio of the medians of both training times (until the last run is stored, the report left out,
as `paribus run --json` says), and what the server and the clients took of the processor. Clients
run beside the training, as a browser on the same machine would.

    python benchmarks/live_page.py [--rounds N] [--clients N] [--study NAME] [--replicates N]
        [--epochs N]
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from paribus.store.catalogue import Catalogue

PARIBUS = [sys.executable, "-c", "from paribus.cli.app import main; main()"]
STATIC = ("report.css", "ui.css", "ui.js", "vega.js")
PATIENCE_SECONDS = 60.0


@dataclass
class Client:
    """A browser with the page of one study open, as far as the server can tell."""

    host: str
    study: str
    ended: threading.Event
    versions: int = 0
    fetched: int = 0
    bytes: int = 0
    trouble: list[str] = field(default_factory=list)

    def follow(self) -> None:
        """Open the page and follow it until the server ends."""
        pages = HTTPConnection(self.host, timeout=PATIENCE_SECONDS)
        stream = HTTPConnection(self.host, timeout=PATIENCE_SECONDS)
        try:
            self._await_study(pages)
            for name in STATIC:
                self._fetch(pages, f"/static/{name}")
            self._show(pages)
            stream.request("GET", f"{self.study}/events")
            for said in _messages(stream):
                if said.get("trouble"):
                    self.trouble.append(said["trouble"])
                if "version" in said:
                    self.versions += 1
                    self._show(pages)
        except (OSError, HTTPException) as error:
            if not self.ended.is_set():
                self.trouble.append(repr(error))
        finally:
            pages.close()
            stream.close()

    def _await_study(self, pages: HTTPConnection) -> None:
        """Wait on the page of all studies until the one that is started stands there."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self.study not in self._fetch(pages, "/") and time.monotonic() < end:
            time.sleep(1)

    def _show(self, pages: HTTPConnection) -> None:
        self._fetch(pages, self.study)
        self._fetch(pages, f"{self.study}/charts.json")

    def _fetch(self, pages: HTTPConnection, path: str) -> str:
        pages.request("GET", path, headers={"Accept": "text/html"})
        answer = pages.getresponse()
        content = answer.read()
        if answer.status != 200:
            self.trouble.append(f"{path}: {answer.status}")
        self.fetched += 1
        self.bytes += len(content)
        return content.decode()


def _messages(stream: HTTPConnection) -> Iterator[dict]:
    for line in stream.getresponse():
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


@dataclass(frozen=True)
class Served:
    """What following a study took: of all clients together, and of the server's processor time."""

    clients: list[Client] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


@contextmanager
def followed(lab: Path, study: str, count: int) -> Iterator[Served]:
    """Inside, so many clients follow a study of this lab; 0 start no server either."""
    if not count:
        yield Served()
        return
    Catalogue.open(lab, create=True).close()
    words = ["ui", "--lab", str(lab), "--port", "0", "--no-browser"]
    server = subprocess.Popen(
        PARIBUS + words,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert server.stdout
    found = re.search(r"http://\S+/", server.stdout.readline())
    assert found, "the live page did not start"
    host = urlsplit(found[0]).netloc
    ended = threading.Event()
    served = Served([Client(host, study, ended) for _ in range(count)])
    threads = [threading.Thread(target=one.follow) for one in served.clients]
    for thread in threads:
        thread.start()
    try:
        yield served
    finally:
        before = _seconds_of_children()
        ended.set()
        server.terminate()
        server.communicate()
        served.seconds.append(_seconds_of_children() - before)
        for thread in threads:
            thread.join()


def _seconds_of_children() -> float:
    """Processor seconds of the processes that were started here and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def train(asked: argparse.Namespace, clients: int) -> tuple[float, Served]:
    """Seconds until all runs are stored, in an empty lab that so many clients follow."""
    with tempfile.TemporaryDirectory() as folder:
        lab = Path(folder) / "lab"
        words = ["run", asked.study, "--scale", asked.scale, "--lab", str(lab), "--json"]
        words += ["--replicates", str(asked.replicates), "--set", f"epochs={asked.epochs}"]
        with followed(lab, f"/studies/{asked.study}/{asked.scale}", clients) as served:
            done = subprocess.run(
                PARIBUS + words, check=True, capture_output=True, text=True, cwd=folder
            )
    said = json.loads(done.stdout.splitlines()[-1])
    return said["seconds"]["total"] - said["seconds"]["report"], served


def told(name: str, seconds: list[float]) -> str:
    """The median of some times, with their number and spread."""
    spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
    return f"  {median(seconds):7.2f} s  {name} (median of {len(seconds)}, {spread})"


def report(served: Served, seconds: float, own: float) -> str:
    """What one study that was followed took beside its training."""
    versions = sum(one.versions for one in served.clients)
    fetched = sum(one.fetched for one in served.clients)
    size = sum(one.bytes for one in served.clients) / 1e6
    trouble = sorted({said for one in served.clients for said in one.trouble})
    return (
        f"    {versions} versions told, {fetched} answers of {size:.1f} MB; processor: server "
        f"{served.seconds[0]:.2f} s ({served.seconds[0] / seconds * 60:.2f} s per minute of "
        f"training, its start included), clients {own:.2f} s" + (f"; {trouble}" if trouble else "")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--study", default="activations")
    parser.add_argument("--scale", default="demo")
    parser.add_argument("--replicates", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=80)
    asked = parser.parse_args()
    alone, beside = [], []
    for number in range(asked.rounds):
        alone.append(train(asked, 0)[0])
        before = time.process_time()
        seconds, served = train(asked, asked.clients)
        beside.append(seconds)
        print(f"round {number + 1}: {alone[-1]:.2f} s alone, {seconds:.2f} s followed", flush=True)
        print(report(served, seconds, time.process_time() - before), flush=True)
    print(f"{asked.study} ({asked.scale}, {asked.epochs} epochs), {asked.clients} clients:")
    print(told("alone", alone))
    print(told("followed", beside))
    pairs = [one / other for one, other in zip(beside, alone, strict=True)]
    print(
        f"  {median(beside) / median(alone):.3f} ratio of the medians, n = {len(pairs)} pairs; "
        f"ratios of the pairs {min(pairs):.3f} to {max(pairs):.3f}"
    )


if __name__ == "__main__":
    main()
