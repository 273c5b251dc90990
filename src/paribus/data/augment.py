"""What may be done at random to training images: declarations, and which images they fit.

The work is in `resampling.py`. An augmentation keeps an image's size, is drawn anew for every
example at every step, and is never applied where a split is measured.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from paribus.errors import DeclarationError, Fault
from paribus.spec import Spec, Whole

Probability = Annotated[float, Strict(), Field(ge=0, le=1)]
AreaShare = Annotated[float, Strict(), Field(gt=0, le=1)]
AspectRatio = Annotated[float, Strict(), Field(gt=0, allow_inf_nan=False)]


class Augmentation(Spec):
    """Declaration of a random change of an image that keeps its size."""

    def faults(self, shape: tuple[int, ...]) -> list[Fault]:
        """What keeps it from being applied to examples of this shape."""
        if len(shape) in (2, 3):
            return []
        problem = f"needs images (height, width) or (height, width, channels); got {shape}"
        return [Fault("", problem)]


class Crop(Augmentation):
    """A part of the image's own size, cut at random out of the image with zeros around it.

    `padding` is how many zeros are added on each of the four sides: stored zeros, which are black
    before any normalization. All places are equally likely. torchvision's
    `RandomCrop(size, padding)`.
    """

    kind: Literal["crop"] = "crop"
    padding: Whole = 4

    def faults(self, shape: tuple[int, ...]) -> list[Fault]:
        found = super().faults(shape)
        if not found and self.padding >= min(shape[:2]):
            image, most = f"{shape[0]} x {shape[1]}", min(shape[:2]) - 1
            problem = f"got {self.padding}; of {image} pixels nothing might be left"
            found.append(Fault("padding", f"{problem}, so {most} or less is allowed"))
        return found


class ResizedCrop(Augmentation):
    """A box of random area, shape and place, resized to the image's own size.

    The box's share of the image's area is uniform in `scale`, the logarithm of its width over its
    height uniform in those of `ratio`. torchvision's `RandomResizedCrop`, bilinear. From
    https://arxiv.org/abs/1409.4842, section 6.
    """

    kind: Literal["resized_crop"] = "resized_crop"
    scale: tuple[AreaShare, AreaShare] = (0.08, 1.0)
    ratio: tuple[AspectRatio, AspectRatio] = (3 / 4, 4 / 3)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        bounds = {"scale": self.scale, "ratio": self.ratio}
        faults = [
            Fault(name, f"got {pair}; the smallest comes first, so {pair[::-1]} is allowed")
            for name, pair in bounds.items()
            if pair[0] > pair[1]
        ]
        if faults:
            raise DeclarationError(type(self).__name__, faults)
        return self


class Flip(Augmentation):
    """Left and right exchanged, with this probability."""

    kind: Literal["flip"] = "flip"
    probability: Probability = 0.5


AnyAugmentation = Annotated[Crop | ResizedCrop | Flip, Field(discriminator="kind")]
"""A declaration of an augmentation, told apart by its `kind`."""


def faults_in(augmentation: Sequence[Augmentation], shape: tuple[int, ...]) -> list[Fault]:
    """What keeps augmentations from examples of this shape, by number: `1.padding`."""
    return [
        Fault(f"{number}.{fault.path}".rstrip("."), fault.problem)
        for number, one in enumerate(augmentation)
        for fault in one.faults(shape)
    ]
