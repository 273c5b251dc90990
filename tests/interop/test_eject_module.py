"""A run as a module of PyTorch gives the outputs that its network gives here."""

from typing import get_args

import jax
import numpy as np
import pytest
import safetensors.numpy

from interop.eject_recipes import BASE, DOUBLE, KERNELS, colour_cases
from interop.ejecting import train
from interop.example_pictures import fill
from paribus.data.base import Source
from paribus.errors import NothingStoredError, ParibusError
from paribus.interop.torch import to_module
from paribus.models import MLP
from paribus.models.activations import ActivationName
from paribus.models.base import named_weights, skeleton, weights_of
from paribus.models.initialize import initialize
from paribus.models.lenet import SMALL_LENET
from paribus.store import Catalogue
from paribus.store.records import StoredRun
from paribus.training import Recipe, program
from paribus.training.batch import inputs_of

torch = pytest.importorskip("torch", reason="makes modules of PyTorch: needs torch installed")

MODELS = {
    **{name: {"model.activation": name} for name in get_args(ActivationName)},
    "softmax": {"model": MLP(hidden=(8,), output="softmax")},
    "linear": {"model": MLP(hidden=())},
    "dropout": {"model": MLP(hidden=(8,), dropout=0.5)},
    "LeNet": {"model": SMALL_LENET},
    "kernels": {"model": KERNELS},
}


def fresh(recipe: Recipe):
    """The network of a recipe before training, and a stored run that ended with it."""
    facts = recipe.data.facts()
    empty = skeleton(recipe.model, facts.shape, facts.outputs)
    network = initialize(empty, recipe.initialization, 0, np.dtype(recipe.precision))
    return network, stored(recipe, safetensors.numpy.save(named_weights(network)))


def stored(recipe: Recipe, weights: bytes):
    return StoredRun(
        key="0123456789abcdef" * 4,
        recipe=recipe.as_json(),
        replicate=0,
        fingerprint="",
        status="finished",
        parameters=0,
        provenance={},
        artifacts={"weights.safetensors": weights},
    )


def inputs_and_outputs(recipe: Recipe, network):
    """The test examples as a network takes them, and what it gives for them."""
    dataset = recipe.data.load(Source())
    with jax.enable_x64(recipe.precision == "float64"):
        inputs = inputs_of(recipe, jax.numpy.asarray(dataset.inputs[dataset.test]))
        found = program.network_of(recipe, weights_of(network))
        return np.array(inputs), np.array(program.outputs_of(found, inputs, None))


def as_images(inputs):
    """Channels before rows and columns, as PyTorch has them."""
    return inputs[:, None] if inputs.ndim == 3 else np.moveaxis(inputs, 3, 1)


def assert_same_outputs(recipe, bound):
    network, run = fresh(recipe)
    inputs, outputs = inputs_and_outputs(recipe, network)
    given = inputs if isinstance(recipe.model, MLP) else as_images(inputs)
    theirs = to_module(run)(torch.tensor(np.ascontiguousarray(given))).detach().numpy()
    assert theirs.dtype == outputs.dtype
    assert np.abs(theirs - outputs).max() < bound * max(1, np.abs(outputs).max())


@pytest.mark.parametrize("fields", MODELS.values(), ids=MODELS)
def test_outputs_are_those_of_the_network(fields):
    assert_same_outputs(BASE.with_fields(fields), 1e-6)


@pytest.mark.parametrize("name", ["relu", "LeNet"])
def test_outputs_in_double_precision(name):
    assert_same_outputs(BASE.with_fields(MODELS[name] | DOUBLE), 1e-12)


def test_outputs_on_pictures_in_colour(tmp_path):
    for fields in colour_cases(fill(tmp_path)).values():
        assert_same_outputs(BASE.with_fields(fields), 1e-6)


def test_a_trained_run_is_found_by_its_key(tmp_path):
    recipe = BASE.with_fields({"epochs": 1})
    (run,) = train(recipe, {"one": {}}, 1, tmp_path / "lab")
    module = to_module(run.key[:8], lab=tmp_path / "lab")
    with Catalogue.open(tmp_path / "lab", create=False) as catalogue:
        packed = catalogue.artifact(run.key, "correct")
    dataset = recipe.data.load(Source())
    inputs = torch.tensor(dataset.inputs[dataset.test] / np.float32(16))
    right = module(inputs).argmax(dim=1).numpy() == dataset.targets[dataset.test]
    assert np.packbits(right).tobytes() == packed


def test_it_is_an_ordinary_module_of_ordinary_layers():
    _, run = fresh(BASE)
    module = to_module(run)
    assert isinstance(module, torch.nn.Module)
    assert not module.training
    assert [name for name, _ in module.named_parameters()][:2] == [
        "layers.1.weight",
        "layers.1.bias",
    ]


class TestRefused:
    def test_a_run_without_weights(self):
        _, run = fresh(BASE)
        without = StoredRun(**{**vars(run), "artifacts": {}})
        with pytest.raises(NothingStoredError, match="comes without its weights"):
            to_module(without)

    def test_a_lab_that_is_not_there(self, tmp_path):
        with pytest.raises(NothingStoredError, match="holds nothing"):
            to_module("01234567", lab=tmp_path / "none")

    def test_what_is_no_key(self, tmp_path):
        with pytest.raises(ParibusError, match="4 hex digits"):
            to_module("activations", lab=tmp_path)

    @pytest.mark.parametrize("model", [{"kind": "mine"}, None, {"kind": "mlp", "hiden": [8]}])
    def test_a_model_that_is_not_ours(self, model):
        _, run = fresh(BASE)
        other = StoredRun(**{**vars(run), "recipe": {**run.recipe, "model": model}})
        with pytest.raises(ParibusError, match="model of run 01234567 cannot be made again"):
            to_module(other)
