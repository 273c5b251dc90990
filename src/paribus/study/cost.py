"""What a run costs, relative to others, before anything is trained."""

import math

from paribus.training.recipe import Recipe

STEP, WEIGHT, EXAMPLE, MULTIPLICATION = 20.0, 6.5e-4, 0.3, 2.1e-5
"""Microseconds of a step, of a weight in it, of an example evaluated, of a multiplication."""


def step_cost(recipe: Recipe, parameters: int) -> float:
    """The relative cost of one optimizer step: microseconds on a core of an AVX-512 server.

    A fixed part; the network forth and, twice as dear, back for every example; one pass over
    weights and optimizer state. Measured for thirteen recipes with MLPs of 8,000 to 6 million
    weights and CNNs, batches of 1 to 1,024: 0.6 to 1.25 of what their steps took.
    """
    return STEP + 3 * recipe.batch * _forward_cost(recipe) + WEIGHT * parameters


def recipe_cost(recipe: Recipe, parameters: int) -> float:
    """The relative cost of a whole run: of what it starts from, and of evaluations, too."""
    first = recipe.predecessor
    warm = 0.0 if first is None else _cost(first, parameters)
    return warm + _cost(recipe, parameters)


def _cost(recipe: Recipe, parameters: int) -> float:
    facts = recipe.data.facts()
    evaluations = 1
    if recipe.evaluate != "end":
        evaluations += math.ceil(recipe.epochs / recipe.evaluate)  # and one before training
    trained_on = min(recipe.train_examples, recipe.evaluate_train)
    examples = trained_on + recipe.data.validation + facts.test
    evaluated = evaluations * examples * (EXAMPLE + _forward_cost(recipe))
    steps = recipe.epochs * recipe.steps_per_epoch
    return steps * step_cost(recipe, parameters) + evaluated


def _forward_cost(recipe: Recipe) -> float:
    facts = recipe.data.facts()
    return MULTIPLICATION * recipe.model.multiplications(facts.shape, facts.outputs)
