"""The note of who holds a lab, JSON, which another program may have written."""

import json

from fuzzing.sandbox import fresh, told
from paribus.errors import LabHeldError
from paribus.store.hold import NOTE, holder


def target(content: bytes) -> None:
    lab = fresh("lab")
    (lab / NOTE).write_bytes(content)
    with told(LabHeldError):
        raise LabHeldError(holder(lab))


SOUND = {"pid": 7, "host": "here", "command": "paribus run x", "since": "2026-01-01"}


def note(**changes) -> bytes:
    return json.dumps(SOUND | changes).encode()


SEEDS = (note(),)
REGRESSIONS = {
    "nothing": b"",
    "a list": b"[]",
    "a word": b'"word"',
    "bytes that are no text": b"\xff",
    "nested 100,000 deep": b"[" * 100_000,
    "a command with an escape": note(command="\x1b[2J\n"),
    "half a character": note(host="\udcff"),
    "a command of a megabyte": note(command="a" * (1 << 20)),
    "a number of 5,000 digits": b'{"pid": ' + b"9" * 5_000 + b"}",
}
