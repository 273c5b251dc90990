"""What a step reads: shares, padding, augmentation, and gradients that are added up in parts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from paribus.data import Crop, Digits, Flip, Normalize
from paribus.data.base import Source
from paribus.errors import DeclarationError
from paribus.models import CNN, Convolution, Pool
from paribus.models.base import skeleton, weights_of
from paribus.models.initialize import initialize
from paribus.objectives import Penalties
from paribus.optimizers import SGD
from paribus.training import Recipe, program
from paribus.training.batch import Batch, Data, Drawn, in_parts, keys_of, read, shares_of
from training.stepwise import EXAMPLE, measured, train

RECIPE = Recipe(
    data=Digits(normalization=Normalize(mean=(0.5,), std=(0.5,))),
    model=CNN(convolutions=(Convolution(channels=3, kernel=3, pool=Pool()),), hidden=(8,)),
    optimizer=SGD(learning_rate=0.5),
    batch_size=150,
    epochs=1,
    precision="float64",
)
DATASET = RECIPE.data.load(Source())
STREAM = np.array([1, 2], np.uint32)


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def data():
    return Data(jnp.asarray(DATASET.inputs), jnp.asarray(DATASET.targets))


def positions(count, size):
    found = np.full(size, -1, np.int32)
    found[:count] = DATASET.train[:count]
    return found


class TestRead:
    def test_as_it_is_stored_and_normalized(self):
        drawn = Drawn(positions(5, 5), np.full(5, 0.2))
        expected = (DATASET.inputs[DATASET.train[:5]] / 16 - 0.5) / 0.5
        np.testing.assert_allclose(read(RECIPE, data(), drawn).inputs, expected, rtol=1e-15)

    def test_a_padding_of_pixels_is_black_before_normalization(self):
        recipe = RECIPE.with_fields({"augmentation": (Crop(padding=7),)})
        drawn = Drawn(positions(50, 50), np.full(50, 0.02), augmentation=_keys(50))
        found = np.asarray(read(recipe, data(), drawn).inputs)
        corners = found[:, [0, 0, -1, -1], [0, -1, 0, -1]]
        # Moved by some pixels in any direction, most images have a corner outside.
        assert (np.abs(corners + 1) < 1e-12).any(axis=1).mean() > 0.9
        assert (found >= -1 - 1e-12).all()

    def test_without_keys_nothing_is_changed(self):
        recipe = RECIPE.with_fields({"augmentation": (Flip(probability=1.0),)})
        plain = Drawn(positions(9, 9), np.full(9, 1 / 9))
        found = read(recipe, data(), plain._replace(augmentation=_keys(9))).inputs
        np.testing.assert_allclose(found, read(recipe, data(), plain).inputs[:, :, ::-1])

    def test_every_example_and_every_step_has_a_key_of_its_own(self):
        drawn = [jax.random.key_data(keys_of(STREAM, step, 20)) for step in (0, 1)]
        assert len({tuple(key) for keys in drawn for key in np.asarray(keys).tolist()}) == 40


def _keys(count):
    return keys_of(STREAM, 0, count)


class TestParts:
    @pytest.mark.parametrize(("count", "parts"), [(6, 2), (7, 2), (7, 3), (5, 5), (7, 4)])
    def test_every_example_counts_once(self, count, parts):
        drawn = Drawn(np.arange(count), np.full(count, 1 / count), _keys(count))
        found = in_parts(drawn, parts)
        counted = np.asarray(found.shares) > 0
        assert np.asarray(found.positions)[counted].tolist() == list(range(count))
        assert found.positions.shape == (parts, -(-count // parts))
        assert float(found.shares.sum()) == pytest.approx(1)
        assert found.augmentation is None

    @pytest.mark.parametrize("count", [150, 87], ids=["a full batch", "a smaller last batch"])
    @pytest.mark.parametrize("penalties", [Penalties(), Penalties(l1=0.01, l2=0.02)], ids=str)
    def test_a_step_is_the_gradient_of_the_whole_batch(self, count, penalties):
        recipe = RECIPE.with_fields({"penalties": penalties})
        assert recipe.batch > 2 * recipe.model.examples_at_once
        shapes = skeleton(recipe.model, (8, 8), 10)
        network = initialize(shapes, recipe.initialization, 0, np.float64)
        at = positions(count, 150)
        feed = program.Feed(data(), at[None], STREAM, STREAM)
        state = program.start(weights_of(network), {}, recipe=recipe)
        stepped = program.train(state, {}, feed, np.array([0, 1]), recipe=recipe)

        inputs = (DATASET.inputs[at[:count]] / 16 - 0.5) / 0.5
        batch = Batch(inputs, DATASET.targets[at[:count]], np.full(count, 1 / count))
        value, gradient = jax.value_and_grad(
            lambda weights: program.objective(
                program.network_of(recipe, weights), recipe, batch, None
            )
        )(weights_of(network))
        assert float(stepped.losses[0]) == pytest.approx(float(value) * count, rel=1e-12)
        expected = jax.tree.map(lambda w, g: w - 0.5 * g, weights_of(network), gradient)
        for one, other in zip(
            jax.tree.leaves(stepped.weights), jax.tree.leaves(expected), strict=True
        ):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-13)

    def test_shares_of_a_batch_that_is_not_full(self):
        shares, count = shares_of(RECIPE, positions(87, 150))
        assert int(count) == 87
        np.testing.assert_allclose(shares[:87], 1 / 87)
        assert not np.any(shares[87:])


class TestAugmentation:
    def test_it_is_for_training_only(self):
        plain = EXAMPLE.with_fields({"model.dropout": 0.0})
        changed = plain.with_fields({"augmentation": (Crop(padding=2), Flip())})
        before, after = measured(train(plain)), measured(train(changed))
        for split in ("train", "test"):
            name = f"{split}/loss"
            assert before[name].values[0] == after[name].values[0]
            assert before[name].values[-1] != after[name].values[-1]

    def test_it_is_drawn_anew_at_every_step(self):
        # Full batches with a rate of next to nothing: only the images change from step to step.
        still = EXAMPLE.with_fields(
            {
                "optimizer": SGD(learning_rate=1e-30),
                "model.dropout": 0.0,
                "batch_size": 2000,
                "augmentation": (Flip(),),
            }
        )
        losses = measured(train(still))["batch/loss"].values
        assert len(set(losses.tolist())) == len(losses)

    def test_all_that_does_not_fit_is_told(self):
        with pytest.raises(DeclarationError) as told:
            EXAMPLE.with_fields({"augmentation": (Crop(padding=8), Flip(), Crop(padding=9))})
        for number, padding in ((0, 8), (2, 9)):
            expected = f"augmentation.{number}.padding: got {padding}; of 8 x 8 pixels nothing"
            assert expected in str(told.value)

    def test_numbers_cannot_be_flipped(self):
        with pytest.raises(DeclarationError, match=r"augmentation\.0: needs images"):
            EXAMPLE.with_fields(
                {
                    "data": {"kind": "function", "name": "sinc"},
                    "loss": "mean_squared_error",
                    "augmentation": (Flip(),),
                }
            )
