"""The JSON Schema of a study, as `paribus schema` prints it or writes it beside a study file."""

import json
from pathlib import Path

from paribus.errors import ParibusError
from paribus.study.schema import study_schema


def schema_text() -> str:
    """The schema, with a line for each part."""
    return json.dumps(study_schema(), indent=2, allow_nan=False)


def write_schema(path: Path) -> None:
    """The schema in this file, in place of what was there. Raises `ParibusError`."""
    try:
        path.write_text(f"{schema_text()}\n", encoding="utf-8")
    except OSError as error:
        raise ParibusError(
            f"{path} cannot be written: {error.strerror}. Give another file with --output."
        ) from None
