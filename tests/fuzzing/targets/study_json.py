"""Study files in JSON, which may come from anywhere: read and validated, never run."""

import json

from fuzzing.sandbox import fresh, told
from paribus import studies
from paribus.cli.arguments import find_study
from paribus.errors import StudyFileError


def target(content: bytes) -> None:
    path = fresh("studies") / "mine.json"
    path.write_bytes(content)
    with told(StudyFileError):
        find_study(str(path))


def _written(name: str) -> bytes:
    return json.dumps(studies.named(name).model_dump(mode="json")).encode()


SMALL = (
    b'{"name": "mine", "question": "Is it so?", "replicates": 3, "recipe": {'
    b'"data": {"kind": "digits"}, "model": {"kind": "mlp", "hidden": [4]}, '
    b'"optimizer": {"kind": "sgd", "learning_rate": 0.1}, "batch_size": 32, "epochs": 2}, '
    b'"factors": [{"path": "model.activation", "levels": ["relu", "tanh"]}]}'
)
SEEDS = (SMALL, _written("activations"), _written("vanishing-gradient"), b"[]", b"{}")
REGRESSIONS = {
    "nothing": b"",
    "no UTF-8": b'{"name": "\xff"}',
    "half a character": SMALL.replace(b"Is it so?", b"\\ud800"),
    "a zero byte": SMALL.replace(b"mine", b"\\u0000"),
    "a number of 5,000 digits": SMALL.replace(b"32", b"9" * 5_000),
    "a number that is none": SMALL.replace(b"0.1", b"NaN"),
    "a number of 10**400": SMALL.replace(b"0.1", b"1e400"),
    "nested 100,000 deep": b"[" * 100_000,
    "nested 500 deep": b'{"recipe": ' * 500 + b"1" + b"}" * 500,
    "a name twice": SMALL.replace(b'"name": "mine"', b'"name": "mine", "name": "yours"'),
    "an escape in a label": SMALL.replace(b"tanh", b"\\u001b[2J"),
    "a million units": SMALL.replace(b"[4]", b"[1000000, 1000000]"),
    "as many replicates as there may be": SMALL.replace(b's": 3', b's": 1000000'),
    "more replicates": SMALL.replace(b's": 3', b's": 1000000000'),
    "a thousand levels": SMALL.replace(
        b'["relu", "tanh"]', json.dumps([f"x{n}" for n in range(1_000)]).encode()
    ),
    "a control character in the name of a factor": SMALL.replace(
        b'"factors"', b'"claims": [{"kind": "learns", "at": {"a\\u007fb": "c"}}], "factors"'
    ),
    "code": SMALL.replace(b'"batch_size"', b'"loss": {"function": "os:system"}, "batch_size"'),
}
