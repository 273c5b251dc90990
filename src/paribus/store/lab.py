"""Where a lab is: a folder, or a PostgreSQL database that several drivers share."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from paribus.errors import DeclarationError, Fault

SCHEME = "postgresql"
PORT = 5432
ALLOWED = "a folder, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
OPTIONS = ("sslmode", "sslrootcert", "sslcert", "sslkey")
"""What may stand after the `?` of an address: how the connection is encrypted."""


@dataclass(frozen=True)
class SharedLab:
    """A lab in a PostgreSQL database.

    Without a user or password the usual places decide (PGUSER, PGPASSWORD, ~/.pgpass). Neither is
    shown by `str` and `repr`, so that they reach no message, log or report.
    """

    host: str
    database: str
    port: int = PORT
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{SCHEME}://{host}:{self.port}/{self.database}"


Lab = Path | SharedLab


def find_lab(typed: str | Lab, argument: str = "--lab") -> Lab:
    """The lab that was typed: a folder's path, or the address of a PostgreSQL database.

    Nothing is opened. Raises `DeclarationError`, which names the `argument`, for what is neither.
    It repeats nothing of an address: where a part is misplaced, any part may be the password.
    """
    if not isinstance(typed, str):
        return typed
    if not typed.strip():
        raise _wrong(argument, f"got nothing; allowed is {ALLOWED}")
    scheme, colon, rest = typed.partition(":")
    if rest.startswith("//"):
        if scheme != SCHEME:
            raise _wrong(argument, f"got an address of the kind {scheme!r}; allowed is {ALLOWED}")
        return _shared(typed, argument)
    if colon and scheme in ("postgres", SCHEME):
        raise _wrong(argument, f"got {scheme}: without the // after it; allowed is {ALLOWED}")
    return Path(typed)


def folder_of(lab: Lab) -> Path:
    """The folder where reports, logs and notes of a lab go.

    Of a folder it is that folder. A database has none, so it is one in the current directory,
    where the default lab lies too: `paribus-lab-DATABASE`, which mixes with no other lab's
    reports. Every driver writes those of its own.
    """
    if isinstance(lab, Path):
        return lab
    return Path(f"paribus-lab-{re.sub(r'[^A-Za-z0-9._-]', '_', lab.database)}")


def _shared(typed: str, argument: str) -> SharedLab:
    try:
        parts = urlsplit(typed)
        port = PORT if parts.port is None else parts.port
        if port == 0:
            raise ValueError("port 0")
        options = tuple(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True))
    except ValueError:
        if "?" not in typed or typed.endswith("?"):
            raise _misread(argument, "the port is no number from 1 to 65535") from None
        raise _misread(argument, "the port, or what follows the ?, cannot be read") from None
    database = unquote(parts.path.removeprefix("/"))
    if problems := _problems(parts.hostname, parts.path, parts.fragment, options):
        raise _misread(argument, *problems)
    return SharedLab(
        host=unquote(parts.hostname or ""),
        database=database,
        port=port,
        user=_decoded(parts.username),
        password=_decoded(parts.password),
        options=options,
    )


def _problems(
    host: str | None, path: str, fragment: str, options: tuple[tuple[str, str], ...]
) -> list[str]:
    name = path.removeprefix("/")
    problems = []
    if not host:
        problems.append("it names no host")
    if not name:
        problems.append("it names no database")
    if re.search("[/@:]", name) or "\0" in unquote(name):
        problems.append("the name of the database has a '/', '@' or ':'")
    if fragment:
        problems.append("it has a '#'")
    if {option for option, _ in options} - set(OPTIONS):
        problems.append(f"after the ? only {', '.join(OPTIONS)} are allowed")
    return problems


def _decoded(part: str | None) -> str | None:
    return unquote(part) if part else None


def _misread(argument: str, *problems: str) -> DeclarationError:
    advice = "In a user or password write @ as %40, : as %3A, / as %2F, # as %23, ? as %3F."
    told = "; ".join(problems)
    return _wrong(
        argument, f"got an address that cannot be used: {told}. Allowed is {ALLOWED}. {advice}"
    )


def _wrong(argument: str, problem: str) -> DeclarationError:
    return DeclarationError("Lab", [Fault(argument, problem)])
