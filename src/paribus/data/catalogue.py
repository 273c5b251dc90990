"""All declarations of data for a recipe to choose from, and the data sets to list."""

from typing import Annotated, Any

from pydantic import Field

from paribus.data.arrays import Arrays
from paribus.data.base import DataSpec, Source
from paribus.data.cifar import CIFAR10
from paribus.data.digits import Digits
from paribus.data.functions import Function
from paribus.data.gurmukhi import Gurmukhi
from paribus.data.idx_images import MNIST, FashionMNIST
from paribus.data.image_folder import ImageFolder
from paribus.errors import DamagedDataError

AnyData = Annotated[
    Arrays | CIFAR10 | Digits | FashionMNIST | Function | Gurmukhi | ImageFolder | MNIST,
    Field(discriminator="kind"),
]
"""A declaration of data, told apart by its `kind`."""

ALL: tuple[DataSpec, ...] = (
    Digits(),
    Function(name="sinc"),
    Function(name="square"),
    CIFAR10(),
    FashionMNIST(),
    Gurmukhi(),
    MNIST(),
)


def describe(source: Source) -> list[dict[str, Any]]:
    """What is there of each data set, as the rows of `paribus data --json`.

    A row has `name`, `state` ("embedded", "verified", "local copy" or "absent"), `path` (None
    where embedded or absent), `bytes` on disk and `fingerprint` (None where absent). Never
    downloads. A damaged file is none of these states: all data sets are looked at, and then one
    `DamagedDataError` names every damaged one.
    """
    rows, damages = [], []
    for spec in ALL:
        try:
            location = spec.locate(source)
        except DamagedDataError as error:
            damages.append(str(error))
            continue
        rows.append(
            {
                "name": name_of(spec),
                "state": location.state,
                "path": None if location.path is None else str(location.path),
                "bytes": location.bytes,
                "fingerprint": None if location.state == "absent" else location.fingerprint,
            }
        )
    if damages:
        raise DamagedDataError("\n".join(damages))
    return rows


def name_of(spec: DataSpec) -> str:
    """What a data set is called on the command line."""
    return spec.name if isinstance(spec, Function) else spec.as_json()["kind"]
