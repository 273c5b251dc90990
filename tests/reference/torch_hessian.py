"""The Hessian of a perceptron's objective by PyTorch's autograd, in float64.

Skips whoever imports it where PyTorch is not installed.
"""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="compares with PyTorch: needs torch installed")
functional = torch.nn.functional

ACTIVATIONS = {
    "leaky_relu": functional.leaky_relu,
    "relu": functional.relu,
    "tanh": functional.tanh,
}


def objective(recipe, layers, inputs, targets):
    """Mean loss and penalties of an MLP with these layers (weight, bias)."""
    outputs = torch.tensor(inputs, dtype=torch.float64).flatten(1)
    for number, (weight, bias) in enumerate(layers, start=1):
        outputs = functional.linear(outputs, weight, bias)
        if number < len(layers):
            outputs = ACTIVATIONS[recipe.model.activation](outputs)
    if recipe.loss == "mean_squared_error":
        loss = functional.mse_loss(outputs, torch.tensor(targets, dtype=torch.float64))
    else:
        loss = functional.cross_entropy(outputs, torch.tensor(targets).long())
    l1 = sum(weight.abs().sum() for weight, _ in layers)
    l2 = sum(weight.pow(2).sum() for weight, _ in layers)
    return loss + recipe.penalties.l1 * l1 + recipe.penalties.l2 * l2


def gradient_and_hessian(recipe, layers, inputs, targets):
    """By all weights and biases of the layers (weight, bias), one layer after the other."""
    parts = [torch.tensor(np.asarray(part, np.float64)) for layer in layers for part in layer]
    sizes = [part.numel() for part in parts]

    def of_row(row):
        split = [a.view_as(b) for a, b in zip(row.split(sizes), parts, strict=True)]
        return objective(recipe, list(zip(split[::2], split[1::2], strict=True)), inputs, targets)

    row = torch.cat([part.flatten() for part in parts])
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # so small are the products that threads would only wait
    gradient = torch.autograd.functional.jacobian(of_row, row)
    hessian = torch.autograd.functional.hessian(of_row, row)
    torch.set_num_threads(before)
    return gradient.numpy(), hessian.numpy()
