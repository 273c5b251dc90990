"""What is typed after `--set` and `--only`, one to a line; those for `--only` begin with `+`."""

from functools import cache

from fuzzing.sandbox import told
from paribus import studies
from paribus.cli.arguments import parse_only, parse_sets
from paribus.errors import ParibusError
from paribus.study.study import Study

MOST_LINES = 8


def target(content: bytes) -> None:
    # As Python reads the command line: bytes that are no text become half characters.
    lines = content.decode(errors="surrogateescape").split("\n")[:MOST_LINES]
    sets = [line for line in lines if not line.startswith("+")]
    only = [line[1:] for line in lines if line.startswith("+")]
    with told(ParibusError):
        values, chosen = parse_sets(sets), parse_only(only)
        small().at("demo", values=values, only=chosen)


@cache
def small() -> Study:
    return studies.named("activations")


SEEDS = (
    b"optimizer.learning_rate=0.1\nmodel.hidden=[16, 8]\n+activation=relu,tanh",
    b"epochs=3\nbatch_size=32\n+activation=relu",
    b"early_stopping={\"patience\": 3}\nmodel.activation='gelu'",
    b"seed=(1, 2)\ndata.test=None\nprecision=float64",
    b"model={'kind': 'mlp', 'hidden': [4]}",
)
REGRESSIONS = {
    "nothing": b"",
    "a number of 5,000 digits": b"epochs=" + b"9" * 5_000,
    "a value nested 100,000 deep": b"epochs=" + b"[" * 100_000,
    "a value nested 50 deep": b"epochs=" + b"[" * 50 + b"]" * 50,
    "minus signs without end": b"epochs=" + b"-" * 100_000 + b"1",
    "an infinite number": b"epochs=Infinity\nbatch_size=NaN\noptimizer.learning_rate=-Infinity",
    "a number of 10**400": b"epochs=1e400\nbatch_size=1" + b"0" * 400,
    "bytes that are no text": b"epochs=\xff\n+activation=\xff",
    "a name of bytes that are no text": b"\xff=1\n+\xff=1",
    "control characters": b"epochs=\x1b[2J\n\x1b[2J=1\n+\x07=1",
    "a zero byte": b"epochs=\0",
    "a complex number": b"epochs=1j",
    "a set": b"model.hidden={1, 2}",
    "an ellipsis": b"epochs=...",
    "bytes": b"epochs=b'1'",
    "a list as a key": b"model={(1, 2): 3}",
    "an unhashable key": b"model={[]: 3}",
    "a number as a key, and a field beside it": b"model={2: 3}\nmodel.act=0.1",
    "a control character in a key": b"model={'kind': 'mlp', 'hid\x05en': [0]}",
    "a path of dots": b"..=1\n.epochs=1\nmodel..hidden=1",
    "a private name": b"__class__=1\nmodel.__init__=1\nmodel.model_config=1",
}
