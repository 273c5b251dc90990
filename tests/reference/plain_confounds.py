"""What two recipes differ in beyond some fields, value by value: slow and obvious."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any


def plain_confounds(
    first: Mapping[str, Any], second: Mapping[str, Any], own: Collection[str]
) -> set[str]:
    """The paths at which they differ; of parts of another kind, the path of the part."""
    found = set()
    for leaf in {*leaves(first), *leaves(second)}:
        if at(first, leaf) == at(second, leaf):
            continue
        names = leaf.split(".")
        path = next(
            path
            for path in (".".join(names[: count + 1]) for count in range(len(names)))
            if path == leaf or kind(at(first, path)) != kind(at(second, path))
        )
        if not any(f"{path}.".startswith(f"{one}.") for one in own):
            found.add(path)
    return found


def leaves(fields: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def at(fields: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(fields, Mapping) or name not in fields:
            return "not there"
        fields = fields[name]
    return fields


def kind(value: Any) -> Any:
    """What tells a part from one of another kind."""
    return ("part", value.get("kind")) if isinstance(value, Mapping) else "value"
