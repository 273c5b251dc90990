"""A trained run as an ordinary PyTorch module."""

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.extras import extra
from paribus.interop.layers import Layer, as_state_dict, blocks_of
from paribus.interop.stored import find_run, model_of, weights_of
from paribus.store.lab import Lab, find_lab
from paribus.store.records import StoredRun

if TYPE_CHECKING:
    from torch import nn  # pyright: ignore[reportMissingImports, reportAttributeAccessIssue]


def to_module(run: StoredRun | str, lab: str | Lab = Path("paribus-lab")) -> "nn.Module":
    """The network of a run after training, as an `nn.Sequential` in evaluation mode.

    `run` is a stored run with its artifacts, or the first digits of the key of one in `lab`. The
    module takes a batch of inputs as the recipe normalizes them, in the run's precision:
    (examples, *shape) for a perceptron, (examples, channels, height, width) for a convolutional
    network. Its weights have the names that they have in the script of `paribus eject`. Raises
    `MissingExtraError` without PyTorch, `NothingStoredError` for a run that is not there or keeps
    no weights, `ParibusError` for a network of a user's own.
    """
    torch: Any = extra("torch", "torch", "making a PyTorch module of a run")
    stored = find_run(find_lab(lab, "lab"), run).stored if isinstance(run, str) else run
    found = weights_of(stored)
    blocks = blocks_of(model_of(stored), found)
    weights = {name: torch.tensor(one) for name, one in as_state_dict(blocks, found).items()}
    built = {
        name: torch.nn.Sequential(*(_built(torch.nn, layer) for layer in layers))
        for name, layers in blocks.items()
    }
    module = torch.nn.Sequential(OrderedDict(built)).to(next(iter(weights.values())).dtype)
    module.load_state_dict(weights)
    return module.eval()


def _built(nn: Any, layer: Layer) -> Any:
    return getattr(nn, layer.kind)(*layer.arguments, **layer.options)
