"""The conditions of a study as what is compared of them: recipes, updates, data, sizes."""

import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

from paribus.design.confound import Case, changed, found_at
from paribus.design.differences import Kind, shown
from paribus.design.grid import Condition
from paribus.models.base import Model, parameters_of, shapes_of
from paribus.models.cnn import CNN
from paribus.models.own import Own
from paribus.training.recipe import Recipe


def cases_of(found: Sequence[tuple[Condition, Recipe]]) -> list[Case]:
    """Every condition with its recipe, optimizer updates and training data.

    Data are told apart by declaration, which no file is read for. Updates are those of a run
    that is not stopped before its last epoch.
    """
    data = _data_in_words([recipe for _, recipe in found])
    return [
        Case(condition.labels, recipe.as_json(), recipe.epochs * recipe.steps_per_epoch, words)
        for (condition, recipe), words in zip(found, data, strict=True)
    ]


def sizes_of(recipes: Sequence[Recipe]) -> dict[Kind, list[Any]]:
    """Parameters, operations and initial weights of each; equal numbers are equal weights.

    Operations are the multiplications and additions that the layers of a network take for one
    example: two for each weight and place where it is used. Biases, activations and pooling are
    left out. Initial weights are equal, replicate by replicate, where the shapes of all layers
    and the initialization are; those of a network of one's own where that is.
    """
    parts = [(one.model, one.data.facts().shape, one.data.facts().outputs) for one in recipes]
    return {
        "parameters": [parameters_of(*one) for one in parts],
        "operations": [operations_of(*one) for one in parts],
        "initial weights": _numbered(map(_start, recipes)),
    }


def operations_of(model: Model, shape: tuple[int, ...], outputs: int) -> int:
    """The operations of a forward pass for one example (see `sizes_of`).

    Of a network of one's own two for each multiplication in its trace.
    """
    if isinstance(model, Own):
        return 2 * model.multiplications(shape, outputs)
    weights = [one for one in shapes_of(model, shape, outputs) if len(one) > 1]
    places = _places(model, shape) if isinstance(model, CNN) else iter(())
    return 2 * sum(
        math.prod(one) * (next(places) if len(one) > 2 else 1)  # a kernel, or a matrix
        for one in weights
    )


def _places(model: CNN, shape: tuple[int, ...]) -> Iterator[int]:
    image = shape[0], shape[1]
    for layer in model.convolutions:
        convolved, image = layer.sizes(image)
        yield math.prod(convolved)


def _start(recipe: Recipe) -> Hashable:
    """What a run's initial weights are a function of, but for its replicate."""
    if recipe.predecessor is not None:
        return recipe.predecessor
    if isinstance(recipe.model, Own):
        return recipe.model
    facts = recipe.data.facts()
    return shapes_of(recipe.model, facts.shape, facts.outputs), recipe.initialization


def _numbered(values: Iterable[Hashable]) -> list[int]:
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(one, len(numbers)) for one in values]


def _data_in_words(recipes: Sequence[Recipe]) -> list[str]:
    """The number of training examples and the kind of data; the fields that tell those apart."""
    plain = [f"{one.train_examples:,} examples of {one.data.kind}" for one in recipes]
    declared = [one.data.bare().as_json() for one in recipes]
    first: dict[str, dict[str, Any]] = {}
    apart: dict[str, dict[str, None]] = {}
    for words, fields in zip(plain, declared, strict=True):
        paths = changed(first.setdefault(words, fields), fields)
        apart.setdefault(words, {}).update(dict.fromkeys(paths))
    return [
        ", ".join([words, *(f"{path} {shown(found_at(fields, path))}" for path in apart[words])])
        for words, fields in zip(plain, declared, strict=True)
    ]
