"""Networks of a given number of parameters: the widths for a depth and a shape.

Two networks are fairly compared at equal parameters. Here the widths are found that have them:
exactly where whole numbers allow it, else as near as they come, and the answer says which.

All layers form one chain. A layer of n units that looks at a inputs from each of the m units (or
channels) before it holds n (a m + 1) numbers: a is 1 between dense layers, the number of pixels
where images are flattened, and that of a kernel's taps in a convolution. A network's count is
the sum over its layers.
"""

import math
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args

from pydantic import BeforeValidator, Field, Strict, model_validator
from pydantic_core import PydanticCustomError

from paribus.errors import DeclarationError, Fault
from paribus.models.base import Model
from paribus.models.chain import Chain, Found
from paribus.models.cnn import CNN, Convolution
from paribus.models.mlp import MLP
from paribus.spec import Count, Spec, Whole

RuleName = Literal["equal", "funnel", "bottleneck"]
AnyModel = TypeVar("AnyModel", bound=Model)


def _name_or_proportions(value: Any) -> Any:
    if value in get_args(RuleName):
        return value
    numbers = value if isinstance(value, tuple | list) else ()
    if not numbers or any(type(one) not in (int, float) or not one > 0 for one in numbers):
        names = ", ".join(get_args(RuleName))
        allowed = f"one of {names}, or a positive number for each hidden layer"
        raise PydanticCustomError("rule", "Input should be {allowed}", {"allowed": allowed})
    return tuple(map(float, numbers))


Rule = Annotated[RuleName | tuple[float, ...], BeforeValidator(_name_or_proportions)]
"""How the widths of hidden layers relate: by name, or a number for each."""


class Widths(Spec):
    """The shape of a network's hidden layers, whose size is left open.

    * `equal`: all of one width
    * `funnel`: each half as wide as the one before
    * `bottleneck`: each half as wide as the one before, down to the middle, then doubling again
    * numbers: widths in these proportions, one number for each layer

    The widest layer is w units and every other one its share of w, rounded half up, at least 1.
    `leeway` is by how much of it each width may then depart to meet a budget: at least one unit
    and at most 16. With 0 the widths are those of the rule, to the letter.
    """

    depth: Whole
    rule: Rule = "equal"
    leeway: Annotated[float, Strict(), Field(ge=0, lt=1)] = 0.1

    @model_validator(mode="after")
    def _one_proportion_for_each_layer(self) -> "Widths":
        if isinstance(self.rule, tuple) and len(self.rule) != self.depth:
            problem = f"got {len(self.rule)} numbers; should be one for each of {self.depth}"
            raise DeclarationError("Widths", [Fault("rule", f"{problem} hidden layers")])
        return self

    @property
    def proportions(self) -> tuple[float, ...]:
        """Widths relative to the widest."""
        if isinstance(self.rule, tuple):
            return tuple(one / max(self.rule) for one in self.rule)
        layers = range(self.depth)
        if self.rule == "equal":
            return (1.0,) * self.depth
        if self.rule == "funnel":
            return tuple(0.5**layer for layer in layers)
        return tuple(0.5 ** min(layer, self.depth - 1 - layer) for layer in layers)


@dataclass(frozen=True)
class Fitted(Generic[AnyModel]):
    """A network for a budget, and how near it comes.

    `sentence` says all of it in words.
    """

    model: AnyModel
    parameters: int
    budget: int
    sentence: str

    @property
    def exact(self) -> bool:
        """Whether the network has as many parameters as the budget."""
        return self.parameters == self.budget


class _Asked(Spec):
    budget: Count
    shape: tuple[Count, ...]
    outputs: Count
    widths: Widths


def mlp_within(
    budget: int, *, shape: tuple[int, ...], outputs: int, widths: Widths
) -> Fitted[MLP]:
    """The multilayer perceptron of this shape whose number of parameters is nearest the budget.

    The count is the sum of (m + 1) n over all pairs (m, n) of widths that follow each other, from
    the inputs to the outputs. Among networks that are equally near, the one whose widths depart
    least from the rule is taken (by the largest departure in units, then from the last layer
    back). The search is exhaustive within the leeway, and the same on every machine.

    Raises `DeclarationError` for a budget below the smallest such network, and for a depth of 0,
    where no width is left to choose.
    """
    asked = _Asked(budget=budget, shape=shape, outputs=outputs, widths=widths)
    if not widths.depth:
        problem = "got 0; a perceptron without hidden layers has no width to choose: 1 or more"
        raise DeclarationError("Parameter budget", [Fault("widths.depth", problem)])
    areas = (1,) * (widths.depth + 1)
    chain = Chain(math.prod(asked.shape), outputs, areas, (), widths.proportions)
    found = _nearest(chain, asked, "hidden layers of")
    return _fitted(MLP(hidden=found.widths), found, asked, f"hidden layers of {found}")


def cnn_within(
    budget: int,
    *,
    shape: tuple[int, ...],
    outputs: int,
    convolutions: tuple[Convolution, ...],
    widths: Widths,
) -> Fitted[CNN]:
    """The convolutional network whose number of parameters is nearest the budget.

    The convolutions are kept as declared and the dense layers get the widths. Without hidden
    layers (a depth of 0) it is the channels that are chosen, in the proportions declared. The
    count of a convolution is (m a + 1) n for m channels in, n out and a kernel of a taps; that of
    the first dense layer (m a + 1) n for a pixels. All else is as for `mlp_within`.

    Raises `DeclarationError` for a budget below the smallest such network, and for convolutions
    that do not fit the images.
    """
    asked = _Asked(budget=budget, shape=shape, outputs=outputs, widths=widths)
    declared = CNN(convolutions=convolutions, hidden=())
    faults = declared.faults(asked.shape, outputs)
    if not (convolutions or widths.depth):
        faults = [Fault("convolutions", "got none, and no hidden layers: no width to choose")]
    if faults:
        raise DeclarationError("Parameter budget", faults)
    chain = _chain_of(declared, asked)
    if widths.depth:
        found = _nearest(chain, asked, "the convolutions as declared and hidden layers of")
        model = declared.model_copy(update={"hidden": found.widths})
        return _fitted(model, found, asked, f"hidden layers of {found}")
    found = _nearest(chain, asked, "channels of")
    chosen = tuple(
        one.model_copy(update={"channels": channels})
        for one, channels in zip(convolutions, found.widths, strict=True)
    )
    return _fitted(
        declared.model_copy(update={"convolutions": chosen}), found, asked, f"channels of {found}"
    )


def _chain_of(declared: CNN, asked: _Asked) -> Chain:
    image, taps = (asked.shape[0], asked.shape[1]), []
    for layer in declared.convolutions:
        kernel = layer.kernel
        taps.append(kernel * kernel if isinstance(kernel, int) else math.prod(kernel))
        image = layer.sizes(image)[1]
    channels = tuple(layer.channels for layer in declared.convolutions)
    inputs = asked.shape[2] if len(asked.shape) == 3 else 1
    areas = (*taps, math.prod(image), *(1,) * asked.widths.depth)
    if asked.widths.depth:
        return Chain(inputs, asked.outputs, areas, channels, asked.widths.proportions)
    widest = max(channels)
    return Chain(inputs, asked.outputs, areas, (), tuple(one / widest for one in channels))


def _nearest(chain: Chain, asked: _Asked, what: str) -> Found:
    least = chain.least()
    if asked.budget < least.parameters:
        problem = (
            f"got {asked.budget:,}; the smallest such network ({what} {least}) has "
            f"{least.parameters:,} parameters, so {least.parameters:,} or more is allowed"
        )
        raise DeclarationError("Parameter budget", [Fault("budget", problem)])
    return chain.nearest(asked.budget, asked.widths.leeway)


def _fitted(model: Any, found: Found, asked: _Asked, what: str) -> Fitted[Any]:
    apart = found.parameters - asked.budget
    said = f"{what}: {found.parameters:,} parameters, "
    if not apart:
        said += "exactly the budget"
    else:
        side = "more" if apart > 0 else "fewer"
        leeway = f"with a leeway of {asked.widths.leeway:.0%}"
        how = leeway if asked.widths.leeway else "with the rule's widths, to the letter"
        said += f"{abs(apart):,} {side} than the budget of {asked.budget:,}: the nearest {how}"
    return Fitted(model, found.parameters, asked.budget, said)
