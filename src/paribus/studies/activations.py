"""Which activation trains a deep, narrow perceptron? Report A, first experiment."""

from paribus.data.digits import Digits
from paribus.design.factor import Factor
from paribus.models.mlp import MLP
from paribus.optimizers.adam import Adam
from paribus.probes.gradients import GradientNorm
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

STUDY = Study(
    name="activations",
    report="A",
    question="Which activation trains a perceptron of five hidden layers best?",
    description=(
        "Five hidden layers of equal width, Adam at one learning rate, and nothing but the "
        "activation varied. Sigmoid's derivative is at most 1/4, so the gradient that reaches "
        "the first layers shrinks with every layer that it passes."
    ),
    source="Course report A: activations, vanishing gradients, regularization.",
    recipe=Recipe(
        data=Digits(validation=200),
        model=MLP(hidden=(64,) * 5),
        optimizer=Adam(learning_rate=1e-3),
        batch_size=32,
        epochs=20,
    ),
    factors=(Factor("model.activation", ["sigmoid", "tanh", "relu", "leaky_relu"]),),
    replicates=5,
    probes=(GradientNorm(),),
    scales={"demo": Scale()},
)
