"""What may be declared of augmentations, and what is refused."""

import subprocess
import sys

import pytest

from paribus.data.augment import AnyAugmentation, Crop, Flip, ResizedCrop, faults_in
from paribus.errors import DeclarationError
from paribus.spec import Spec

CHECK = """
from paribus.data.augment import Crop, Flip, ResizedCrop, faults_in
import paribus.data.resampling
from jax._src import xla_bridge
faults_in((Crop(), ResizedCrop(), Flip()), (32, 32, 3))
assert not xla_bridge._backends
"""


class Holder(Spec):
    """What holds augmentations as a recipe does."""

    augmentation: tuple[AnyAugmentation, ...] = ()


def test_augmentations_are_ordered_and_come_back_from_json():
    held = Holder(augmentation=(Flip(), Crop(padding=2), ResizedCrop(), Flip(probability=0.1)))
    assert Holder(**held.as_json()) == held
    assert [one["kind"] for one in held.as_json()["augmentation"]] == [
        "flip",
        "crop",
        "resized_crop",
        "flip",
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Crop(padding=-1), "padding: got -1; should be greater than or equal to 0"),
        (lambda: Crop(padding=1.5), "padding: got 1.5; should be a valid integer"),
        (lambda: Crop(size=32), "size: unknown field 'size'"),
        (lambda: Flip(probability=1.1), "probability: got 1.1; should be less than or equal to 1"),
        (lambda: Flip(probability=-0.1), "probability: got -0.1; should be greater than or equal"),
        (lambda: Flip(probability=float("nan")), "probability: got nan; should be"),
        (lambda: Flip(probability="0.5"), "probability: got '0.5'; should be a valid number"),
        (lambda: ResizedCrop(scale=(0.0, 1.0)), "scale.0: got 0.0; should be greater than 0"),
        (lambda: ResizedCrop(scale=(0.1, 1.5)), "scale.1: got 1.5; should be less than or equal"),
        (lambda: ResizedCrop(scale=0.5), "scale: got 0.5; should be a valid tuple"),
        (lambda: ResizedCrop(scale=(0.5,)), "scale.1: missing"),
        (lambda: ResizedCrop(ratio=(-1.0, 1.0)), "ratio.0: got -1.0; should be greater than 0"),
        (lambda: ResizedCrop(ratio=(1.0, float("inf"))), "ratio.1: got inf; should be a finite"),
        (
            lambda: ResizedCrop(scale=(1.0, 0.5)),
            "scale: got (1.0, 0.5); the smallest comes first, so (0.5, 1.0) is allowed",
        ),
        (
            lambda: Holder(augmentation=(Flip(), {"kind": "flip", "probability": 2.0})),
            "augmentation.1.probability: got 2.0; should be less than or equal to 1",
        ),
        (
            lambda: Holder(augmentation=({"kind": "rotate"},)),
            "augmentation.0: got {'kind': 'rotate'}; allowed here: 'crop', 'resized_crop', 'flip'",
        ),
        (lambda: Holder(augmentation=("flip",)), "augmentation.0: got 'flip'; allowed here: "),
    ],
)
def test_faults(make, message):
    with pytest.raises(DeclarationError) as caught:
        make()
    assert message in str(caught.value)


def test_both_bounds_that_are_the_wrong_way_round_are_told():
    with pytest.raises(DeclarationError, match="2 faults"):
        ResizedCrop(scale=(0.9, 0.1), ratio=(2.0, 1.0))


@pytest.mark.parametrize("shape", [(32, 32, 3), (28, 28), (8, 5, 1)])
def test_images_are_fit(shape):
    assert faults_in((Crop(), ResizedCrop(), Flip()), shape) == []


def test_what_is_no_image_is_refused():
    found = [str(fault) for fault in faults_in((Crop(), Flip()), (1,))]
    problem = "needs images (height, width) or (height, width, channels); got (1,)"
    assert found == [f"0: {problem}", f"1: {problem}"]


def test_a_padding_that_may_leave_nothing_of_the_image_is_refused():
    assert faults_in((Flip(), Crop(padding=4)), (8, 5)) == []
    (found,) = faults_in((Flip(), Crop(padding=5)), (8, 5))
    problem = "got 5; of 8 x 5 pixels nothing might be left, so 4 or less is allowed"
    assert str(found) == f"1.padding: {problem}"


def test_declaring_starts_no_backend():
    subprocess.run([sys.executable, "-c", CHECK], check=True)
