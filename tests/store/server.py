"""A PostgreSQL server of the tests' own, from the binaries that are installed."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import psycopg

from paribus.store import Lab, SharedLab

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")
USER = "owner"
PASSWORD = "p@ss/w:rd #1?%"
SETTINGS = "-c fsync=off -c max_connections=50 -c shared_buffers=16MB"
PATIENCE_SECONDS = 30.0


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`, of the newest version; None where there is none."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else []
    for place in PLACES:
        found += [path for path in Path("/").glob(place[1:]) if (path / "initdb").is_file()]
    return max(found, key=_version, default=None)


class Server:
    """A server on a free port of this machine, which can be killed and started again."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder / "data"
        self.programs = programs
        self.log = folder / "server.log"
        self.log.touch()
        self.port = _free_port()
        self._numbers = count(1)
        # The server refuses to run as root.
        self._as = {"user": "nobody"} if os.geteuid() == 0 else {}
        if self._as:
            account = pwd.getpwnam("nobody")
            os.chown(folder, account.pw_uid, account.pw_gid)
        secret = folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._call(
            *("initdb", "--auth=scram-sha-256", f"--username={USER}", f"--pwfile={secret}"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", f"--pgdata={self.folder}"),
        )

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        options = f"{SETTINGS} -p {self.port} -h 127.0.0.1 -k {self.folder}"
        self._call(
            *("pg_ctl", "start", "-w", "-t", f"{PATIENCE_SECONDS:.0f}", "-D", str(self.folder)),
            *("-o", options),
        )

    def stop(self) -> None:
        """Stop the server at once; nothing of it is needed any more."""
        self._call("pg_ctl", "stop", "-m", "immediate", "-w", "-D", str(self.folder))

    def kill(self) -> None:
        """Kill the server (SIGKILL), and wait until all of it is gone."""
        pid = int((self.folder / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_SECONDS
        # Its children see the end by themselves, and only then can it be started again.
        while _group_lives(pid) or self.runs():
            assert time.monotonic() < deadline, "the killed server is still there"
            time.sleep(0.05)

    def database(self, encoding: str = "UTF8") -> SharedLab:
        """A lab in a new and empty database."""
        name = f"lab-{next(self._numbers)}"
        locale = "" if encoding == "UTF8" else "LOCALE 'C'"
        self.execute(
            SharedLab("127.0.0.1", "postgres", self.port, USER, PASSWORD),
            f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING '{encoding}' {locale}",
        )
        return SharedLab("127.0.0.1", name, self.port, USER, PASSWORD)

    def execute(self, lab: SharedLab, statement: str) -> list[tuple]:
        """The rows of a statement that is given to the database as it is."""
        with psycopg.connect(
            host=lab.host,
            port=lab.port,
            dbname=lab.database,
            user=lab.user,
            password=lab.password,
            autocommit=True,
        ) as connection:
            found = connection.execute(statement)
            return found.fetchall() if found.description else []

    def runs(self) -> bool:
        """Whether the server takes connections."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _call(self, program: str, *words: str) -> None:
        # Into a file: a server that is started here would keep a pipe open.
        with self.log.open("a") as log:
            done = subprocess.run(
                [self.programs / program, *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=False,
                cwd="/",
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
                **self._as,
            )
        assert done.returncode == 0, (program, self.log.read_text()[-2000:])


@contextmanager
def serving(programs: Path) -> Iterator[Server]:
    """A server that runs, and is stopped and gone at the end."""
    # Not in pytest's folders, which only their owner may enter.
    with TemporaryDirectory(prefix="paribus-server-") as folder:
        server = Server(Path(folder), programs)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def program(text: str, lab: Lab, *words: str) -> subprocess.Popen:
    """A Python program in a process of its own; its first argument is the lab as it is typed."""
    return subprocess.Popen(
        [sys.executable, "-c", text, address(lab), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
    )


def address(lab: Lab) -> str:
    """A lab as it is typed."""
    if not isinstance(lab, SharedLab):
        return str(lab)
    secret = quote(lab.password or "", safe="")
    return f"postgresql://{lab.user}:{secret}@{lab.host}:{lab.port}/{lab.database}"


def _version(folder: Path) -> int:
    told = subprocess.run([folder / "postgres", "-V"], capture_output=True, text=True, check=True)
    return int(told.stdout.split()[2].partition(".")[0])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
