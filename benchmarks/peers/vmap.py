"""Several models at once in PyTorch: their weights stacked, and `torch.func.vmap` over them.

Every model has its own order of the data, and the optimizer is fused.
"""

import copy

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional

from peers.job import read_job, report
from peers.networks import network, optimizer


def main() -> None:
    job = read_job()
    torch.set_num_threads(job.threads)
    models = [network(job.workload) for _ in range(job.models)]
    weights, _ = stack_module_state(models)
    skeleton = copy.deepcopy(models[0]).to("meta")
    rule = optimizer(job.workload, weights.values(), fused=True)
    inputs, labels = torch.from_numpy(job.inputs()), torch.from_numpy(job.labels)
    if inputs.ndim == 4:
        inputs = inputs.permute(0, 3, 1, 2).contiguous()
    orders = np.stack([job.order(seed) for seed in range(job.models)], axis=1)

    def loss_of(weights: dict[str, Tensor], batch: Tensor, labels: Tensor) -> Tensor:
        return functional.cross_entropy(functional_call(skeleton, weights, (batch,)), labels)

    losses = torch.zeros(job.models)
    for chosen in torch.from_numpy(orders):
        losses = vmap(loss_of)(weights, inputs[chosen], labels[chosen])
        rule.zero_grad(set_to_none=True)
        losses.sum().backward()
        rule.step()
    report(losses.mean().item())


if __name__ == "__main__":
    main()
