"""The parts of a script that depend on the recipe: network, loss, penalty, data, optimizer."""

from collections.abc import Mapping
from typing import Any

from paribus.interop.eject.lines import call
from paribus.interop.layers import Blocks
from paribus.models.cnn import CNN
from paribus.optimizers.adam import Adam, AdamW
from paribus.optimizers.sgd import SGD
from paribus.training.recipe import Recipe

Parts = Mapping[str, Any]
"""Pieces of text by the name that the template has for them."""


def cast(recipe: Recipe) -> str:
    """The method of a tensor that gives it the recipe's precision."""
    return "double" if recipe.precision == "float64" else "float"


def model_parts(recipe: Recipe, blocks: Blocks) -> Parts:
    """The network's class: its name, what it is in words, its layers, their use."""
    facts = recipe.data.facts()
    applied = "inputs"
    for name in blocks:
        applied = f"self.{name}({applied})"
    count = sum(layer.weighted for block in blocks.values() for layer in block)
    layers = "1 layer" if count == 1 else f"{count} layers"
    shape = " x ".join(map(str, facts.shape))
    kind = "classes" if facts.classification else "outputs" if facts.outputs > 1 else "output"
    return {
        "name": type(recipe.model).__name__,
        "told": f"{layers} of weights, from inputs of {shape} to {facts.outputs} {kind}.",
        "blocks": list(blocks.items()),
        "applied": applied,
    }


def loss_parts(recipe: Recipe) -> Parts:
    """The loss: the name of PyTorch's own class, or the body of a function."""
    facts = recipe.data.facts()
    if not facts.classification:
        return {"builtin": "MSELoss"}
    if recipe.loss == "cross_entropy":
        return {"builtin": "CrossEntropyLoss"}
    one_hot = f"one_hot = nn.functional.one_hot(targets, {facts.outputs}).{cast(recipe)}()"
    if recipe.loss == "kl_divergence":
        told = "Relative entropy of the predicted probabilities to the true classes."
        body = [
            "log_probabilities = nn.functional.log_softmax(outputs, dim=1)",
            one_hot,
            'return nn.functional.kl_div(log_probabilities, one_hot, reduction="batchmean")',
        ]
    else:
        told = "Squared difference from the one-hot classes, the mean over all outputs."
        body = [one_hot, "return nn.functional.mse_loss(outputs, one_hot)"]
    return {"builtin": "", "told": told, "body": body}


def penalty_parts(recipe: Recipe) -> Parts:
    """The body of the function of the penalty on weights; empty where there is none."""
    l1, l2 = recipe.penalties.l1, recipe.penalties.l2
    body = ["weights = [one for one in network.parameters() if one.dim() > 1]"]
    terms = []
    if l1:
        body.append("absolute = sum(weight.abs().sum() for weight in weights)")
        terms.append("L1 * absolute")
    if l2:
        body.append("squares = sum(weight.square().sum() for weight in weights)")
        terms.append("L2 * squares")
    body.append(f"return {' + '.join(terms)}")
    return {"body": body if terms else []}


def input_lines(recipe: Recipe) -> list[str]:
    """How inputs as they are stored are made into those of the network."""
    maximum, normalize = recipe.data.facts().maximum, recipe.data.normalization
    scaled = f" / {maximum}" if maximum != 1 else ""
    lines = [f'inputs = data[f"{{split}}_inputs"].{cast(recipe)}(){scaled}']
    if set(normalize.mean) == {0.0} and set(normalize.std) == {1.0}:
        return lines
    names = []
    for name, numbers in (("mean", normalize.mean), ("std", normalize.std)):
        if len(numbers) == 1:
            names.append(f"{numbers[0]!r}")
            continue
        names.append(name)
        view = f".view({len(numbers)}, 1, 1)" if isinstance(recipe.model, CNN) else ""
        lines.append(f"{name} = torch.tensor({list(numbers)!r}){view}")
    lines.append(f"inputs = {_normalized(*names)}")
    return lines


def _normalized(mean: str, std: str) -> str:
    if mean == "0.0":
        return f"inputs / {std}"
    return f"inputs - {mean}" if std == "1.0" else f"(inputs - {mean}) / {std}"


def target_cast(recipe: Recipe) -> str:
    """What is called on targets as they are stored: class indices, or numbers."""
    return "long" if recipe.data.facts().classification else cast(recipe)


def optimizer_lines(recipe: Recipe) -> list[str]:
    """How the optimizer is made; what PyTorch has as its default is left out."""
    rule = recipe.optimizer
    options = ["network.parameters()", "lr=LEARNING_RATE"]
    if isinstance(rule, SGD) and rule.momentum:
        options.append("momentum=MOMENTUM")
    if isinstance(rule, Adam | AdamW):
        if (rule.b1, rule.b2) != (0.9, 0.999):
            options.append(f"betas=({rule.b1!r}, {rule.b2!r})")
        if rule.epsilon != 1e-8:
            options.append(f"eps={rule.epsilon!r}")
    if has_decay(recipe):
        options.append("weight_decay=WEIGHT_DECAY")
    return call(f"optimizer = torch.optim.{type(rule).__name__}", options, 4)


def has_decay(recipe: Recipe) -> bool:
    """Whether the weight decay is said: where there is one, or PyTorch has one by default."""
    return bool(recipe.optimizer.weight_decay) or isinstance(recipe.optimizer, AdamW)


def has_dropout(blocks: Blocks) -> bool:
    """Whether masks are drawn in training."""
    return any(layer.kind == "Dropout" for layers in blocks.values() for layer in layers)


def setup_lines(recipe: Recipe, blocks: Blocks) -> list[str]:
    """What is set before anything else."""
    lines = []
    if recipe.precision == "float64":
        lines.append("torch.set_default_dtype(torch.float64)")
    if recipe.matmul_precision == "tensorfloat32":
        lines.append('torch.set_float32_matmul_precision("high")')
    if has_dropout(blocks):
        lines.append("torch.manual_seed(0)  # for dropout masks: other ones than Paribus drew")
    return lines
