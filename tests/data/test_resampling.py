"""Augmented images against the plain definitions, PyTorch and Pillow; draws against torchvision's.

Draws are compared as distributions, with fixed keys, so that nothing here is left to chance.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from paribus.data.augment import Crop, Flip, ResizedCrop
from paribus.data.resampling import (
    Box,
    augmented,
    bilinear,
    central_box,
    drawn_boxes,
    drawn_flips,
    drawn_offsets,
    resampled,
    shifts,
)
from reference import plain_augment as plain

SHAPES = [(8, 8, 3), (7, 10), (5, 3, 1), (1, 6, 2), (1, 1)]
ALL = (Crop(padding=2), ResizedCrop(), Flip(), Crop(padding=1))


def keys_from(seed, count):
    return jax.random.split(jax.random.key(seed, impl="threefry2x32"), count)


def some_images(shape, count, seed=0):
    return np.random.default_rng(seed).uniform(0, 255, size=(count, *shape))


def boxes_in(shape, count):
    """Random boxes, the first of one pixel and the second the whole image."""
    random, (height, width) = np.random.default_rng(1), shape[:2]
    sides = [(random.integers(1, height + 1), random.integers(1, width + 1)) for _ in range(count)]
    sides[:2] = (1, 1), (height, width)
    return [
        (random.integers(0, height - h + 1), random.integers(0, width - w + 1), h, w)
        for h, w in sides
    ]


def in_boxes(images, boxes):
    drawn = Box(*jnp.asarray(boxes, jnp.int32).T)
    return resampled(images, bilinear(drawn, images.shape[1:3], images.dtype))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_box_is_resized_as_the_definition_says(shape):
    images, boxes = some_images(shape, 60), boxes_in(shape, 60)
    expected = [plain.resized_crop(*pair) for pair in zip(images, boxes, strict=True)]
    with jax.enable_x64(True):
        found = jax.jit(in_boxes)(images, np.array(boxes))
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_array_equal(found[1], images[1])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_box_is_resized_as_in_pytorch(shape):
    torch = pytest.importorskip("torch", reason="compares with torch: needs torch installed")
    images, boxes = some_images(shape, 60), boxes_in(shape, 60)
    with jax.enable_x64(True):
        found = np.asarray(in_boxes(jnp.asarray(images), boxes))
    for image, (top, left, height, width), ours in zip(images, boxes, found, strict=True):
        cut = image[top : top + height, left : left + width]
        batch = torch.tensor(cut.reshape(height, width, -1)).permute(2, 0, 1)[None]
        theirs = torch.nn.functional.interpolate(
            batch, size=image.shape[:2], mode="bilinear", antialias=True, align_corners=False
        )
        expected = theirs[0].permute(1, 2, 0).reshape(image.shape)
        np.testing.assert_allclose(ours, expected, rtol=1e-6)


def test_a_box_is_resized_as_in_pillow():
    pillow = pytest.importorskip("PIL.Image", reason="compares with Pillow: needs it installed")
    images, boxes = some_images((9, 12), 40).astype(np.float32), boxes_in((9, 12), 40)
    found = in_boxes(jnp.asarray(images), boxes)
    for image, (top, left, height, width), ours in zip(images, boxes, found, strict=True):
        cut = pillow.fromarray(image).crop((left, top, left + width, top + height))
        expected = cut.resize((12, 9), pillow.Resampling.BILINEAR)
        np.testing.assert_allclose(ours, np.asarray(expected), rtol=1e-5, atol=1e-3)


def test_the_reference_makes_images_smaller_as_pytorch_does():
    torch = pytest.importorskip("torch", reason="compares with torch: needs torch installed")
    (image,) = some_images((17, 4), 1)
    for size in (1, 5, 16, 17, 40):
        expected = torch.nn.functional.interpolate(
            torch.tensor(image)[None, None], size=(size, 4), mode="bilinear", antialias=True
        )
        np.testing.assert_allclose(plain.resized(image, size), expected[0, 0], rtol=1e-6)


@pytest.mark.parametrize("shape", [(8, 8, 3), (7, 10), (5, 3, 1)])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_a_crop_is_cut_out_of_the_padded_image(shape, padding):
    places = [(i, j) for i in range(2 * padding + 1) for j in range(2 * padding + 1)]
    images = some_images(shape, len(places)).astype(np.float32)
    pair = shifts(jnp.asarray(places) - padding, shape[:2], jnp.float32)
    expected = [plain.shifted_crop(*one, padding) for one in zip(images, places, strict=True)]
    np.testing.assert_array_equal(resampled(jnp.asarray(images), pair), expected)


@pytest.mark.parametrize("shape", [(6, 7, 3), (6, 7)])
def test_all_or_none_are_flipped_at_the_ends_of_probability(shape):
    images = jnp.asarray(some_images(shape, 100), jnp.float32)
    for probability, expected in ((0.0, images), (1.0, [plain.flipped(x) for x in images])):
        declared = (Flip(probability=probability),)
        np.testing.assert_array_equal(augmented(declared, images, keys_from(0, 100)), expected)


def test_nothing_declared_leaves_images_as_they_are():
    images = jnp.asarray(some_images((4, 4), 2), jnp.float32)
    np.testing.assert_array_equal(augmented((), images, keys_from(0, 2)), images)


@pytest.mark.parametrize("shape", [(8, 9, 3), (8, 9)])
def test_augmentations_together_are_those_one_after_the_other(shape):
    images, keys = some_images(shape, 40), keys_from(3, 40)
    with jax.enable_x64(True):
        together = augmented(ALL[:3], images, keys)
        one_by_one = images
        for one in ALL[:3]:
            one_by_one = augmented((one,), one_by_one, keys)
        np.testing.assert_allclose(together, one_by_one, rtol=1e-12, atol=1e-12)


def test_two_of_a_kind_draw_each_their_own():
    images = jnp.asarray(some_images((6, 6), 200), jnp.float32)
    twice = augmented((Flip(), Flip()), images, keys_from(0, 200))
    changed = (twice != images).any(axis=(1, 2))
    assert 60 < changed.sum() < 140


def test_precision_changes_no_draw():
    declared, keys = (Crop(), ResizedCrop(), Flip()), keys_from(5, 100)
    images = some_images((16, 16, 3), 100)
    single = augmented(declared, jnp.asarray(images, jnp.float32), keys)
    assert single.dtype == jnp.float32
    with jax.enable_x64(True):
        double = augmented(declared, images, keys)
        assert double.dtype == jnp.float64
    np.testing.assert_allclose(single, double, atol=2e-2)


@pytest.mark.parametrize(("width", "double"), [(1, False), (3, False), (7, False), (3, True)])
def test_an_image_has_the_same_bits_in_any_company(width, double):
    with jax.enable_x64(double):
        images, keys = jnp.asarray(some_images((32, 32, 3), 21)), keys_from(9, 21)
        run = jax.jit(lambda images, keys: augmented(ALL, images, keys))
        together = run(images, keys)
        for first in range(0, 21, width):
            part = slice(first, first + width)
            np.testing.assert_array_equal(run(images[part], keys[part]), together[part])


RULES = [
    (ResizedCrop(), (32, 32)),
    (ResizedCrop(), (9, 30)),
    (ResizedCrop(scale=(0.45, 1.0), ratio=(1.8, 2.5)), (32, 32)),  # most tries fit no image
    (ResizedCrop(scale=(0.002, 0.01)), (20, 20)),  # so do most of these: they have no pixel
]


@pytest.mark.parametrize(("declared", "size"), RULES)
def test_boxes_are_distributed_as_torchvisions(declared, size):
    count = 10_000
    ours = np.stack(jax.jit(lambda keys: drawn_boxes(declared, size, keys))(keys_from(1, count)))
    random = np.random.default_rng(2)
    theirs = np.array(
        [plain.draw_box(random, size, declared.scale, declared.ratio) for _ in range(count)]
    ).T
    assert (ours[2:] >= 1).all()
    assert (ours[:2] >= 0).all()
    assert (ours[:2] + ours[2:] <= np.array(size)[:, None]).all()
    for of in (
        lambda box: box[2] * box[3],
        lambda box: box[3] / box[2],
        lambda box: box[0],
        lambda box: box[1],
        lambda box: box[0] + box[2],
        lambda box: box[1] + box[3],
    ):
        # 24 comparisons in all: one of a right draw fails for about 4 % of seeds.
        assert stats.ks_2samp(of(ours), of(theirs)).pvalue > 0.01 / 6


@pytest.mark.parametrize(
    ("size", "ratio", "expected"),
    [
        ((10, 10), (2.0, 3.0), (5, 10)),
        ((10, 10), (0.2, 0.5), (10, 5)),
        ((10, 20), (0.5, 3.0), (10, 20)),
        ((3, 1), (4.0, 5.0), (1, 1)),
    ],
)
def test_the_central_box_is_the_largest_of_an_allowed_ratio(size, ratio, expected):
    assert central_box(ratio, size) == expected


def test_where_no_box_fits_the_central_one_is_taken():
    declared = ResizedCrop(scale=(1.0, 1.0), ratio=(2.0, 2.0))
    found = np.stack(drawn_boxes(declared, (10, 10), keys_from(0, 20)))
    np.testing.assert_array_equal(found, np.tile([[2], [0], [5], [10]], 20))


def test_a_square_image_of_full_scale_stays_as_it_is():
    images = jnp.asarray(some_images((8, 8, 3), 20), jnp.float32)
    declared = (ResizedCrop(scale=(1.0, 1.0), ratio=(1.0, 1.0)),)
    np.testing.assert_array_equal(augmented(declared, images, keys_from(0, 20)), images)


def test_offsets_are_uniform_on_all_places():
    offsets = np.asarray(drawn_offsets(4, keys_from(2, 9000)))
    counts = np.zeros((9, 9))
    np.add.at(counts, tuple(offsets.T), 1)
    assert stats.chisquare(counts.ravel()).pvalue > 0.01


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_flips_have_their_probability(probability):
    flips = drawn_flips(Flip(probability=probability), keys_from(4, 10_000))
    assert stats.binomtest(int(flips.sum()), 10_000, probability).pvalue > 0.01
