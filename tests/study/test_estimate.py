"""Estimates: what a step, an evaluation and a whole plan cost, from declarations alone."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest

from paribus.data.base import Source
from paribus.models import CNN, MLP, Convolution, Pool
from paribus.models.base import layers_of, parameter_count, skeleton
from paribus.models.convolution import COPY
from paribus.study.cost import step_cost
from paribus.study.estimate import makespan
from paribus.study.plan import make_plan
from reference.plain_convolution import convolution
from study.example_study import tiny_recipe, tiny_study

CONVOLUTIONAL = CNN(
    convolutions=(Convolution(channels=6, kernel=3, padding=1, pool=Pool()),), hidden=(16,)
)


def planned(**fields):
    plan = make_plan(tiny_study(recipe=tiny_recipe(**fields), factors=()).at(), Source())
    return plan.runs[0]


def cost_of_a_step(**fields):
    run = planned(**fields)
    return step_cost(run.recipe, run.parameters)


@pytest.mark.parametrize("hidden", [(), (32,), (16, 8, 4)])
def test_the_work_of_an_mlp_is_the_size_of_its_matrices(hidden):
    model = MLP(hidden=hidden)
    matrices = weight_shapes(model, (8, 8))
    assert model.multiplications((8, 8), 10) == sum(map(math.prod, matrices))


def weight_shapes(model, shape):
    return [layer.weight.shape for _, layer in layers_of(skeleton(model, shape, 10))]


def test_the_work_of_one_window_is_known_exactly():
    model = CNN(convolutions=(Convolution(channels=6, kernel=8),), hidden=(5,))
    # One output: every number of the image is copied once and multiplied for each channel.
    assert model.multiplications((8, 8, 3), 10) == 3 * 64 * (6 + COPY) + 6 * 5 + 5 * 10


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Convolution(channels=6, kernel=5, padding=2, pool=Pool()), (28, 28)),
        (Convolution(channels=7, kernel=3, stride=2), (9, 9, 3)),
        (Convolution(channels=4, kernel=(3, 5), stride=(1, 2), padding=(0, 2)), (9, 12, 2)),
    ],
)
def test_the_work_of_a_convolution_is_no_less_than_its_definition_asks_for(layer, shape):
    model = CNN(convolutions=(layer,), hidden=())
    kernel, dense = weight_shapes(model, shape)
    image = np.zeros((kernel[1], *shape[:2], 1))
    outputs = convolution(image, np.zeros(kernel), pair(layer.stride), pair(layer.padding)).size
    needed = outputs * math.prod(kernel[1:]) + math.prod(dense)
    assert needed < model.multiplications(shape, 10) < 20 * needed


def pair(one):
    return one if isinstance(one, tuple) else (one, one)


def test_a_convolutional_network_costs_more_than_a_perceptron_of_more_parameters():
    perceptron = MLP(hidden=(64,))
    assert parameters(perceptron) > parameters(CONVOLUTIONAL)
    costs = [cost_of_a_step(model=one, batch_size=256) for one in (perceptron, CONVOLUTIONAL)]
    assert costs[1] > 2 * costs[0]


def parameters(model):
    return parameter_count(skeleton(model, (8, 8), 10))


@pytest.mark.parametrize("model", [MLP(hidden=(256,)), CONVOLUTIONAL], ids=["MLP", "CNN"])
def test_a_step_costs_the_same_for_every_example_and_something_by_itself(model):
    costs = [cost_of_a_step(model=model, batch_size=size) for size in (1, 101, 201)]
    assert costs[2] - costs[1] == pytest.approx(costs[1] - costs[0])
    assert costs[0] > (costs[1] - costs[0]) / 100


def test_a_run_costs_its_steps_and_its_evaluations():
    steps = 4 * 45 * cost_of_a_step(model=CONVOLUTIONAL)
    evaluated = {
        every: planned(model=CONVOLUTIONAL, epochs=4, evaluate=every).cost - steps
        for every in ("end", 4, 3, 1)
    }
    assert evaluated["end"] > 0
    for every, count in {4: 2, 3: 3, 1: 5}.items():  # one of them before training
        assert evaluated[every] == pytest.approx(count * evaluated["end"])


def test_no_plan_takes_less_than_its_longest_run():
    assert makespan([10, 1, 1], lanes=2) == 10
    assert makespan([3, 3, 3], lanes=2) == 6
    assert makespan([3, 3, 3], lanes=1) == 9
    assert makespan([3], lanes=4) == 3


def test_costs_are_known_without_starting_the_backend():
    code = (
        "from jax._src import xla_bridge\n"
        "from paribus.studies.fashion_architectures import STUDY\n"
        "from paribus.data.base import Source\n"
        "from paribus.study.plan import make_plan\n"
        "costs = [run.cost for run in make_plan(STUDY.at('full'), Source()).runs]\n"
        "assert min(costs) > 0\n"
        "assert not xla_bridge.backends_are_initialized()\n"
    )
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, env=environment)
