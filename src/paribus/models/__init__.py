"""Networks to train: declarations that build Equinox modules."""

from paribus.models.budget import Fitted, Widths, cnn_within, mlp_within
from paribus.models.cnn import CNN, Convolution, Pool
from paribus.models.initialize import Initialization
from paribus.models.mlp import MLP

__all__ = [
    "CNN",
    "MLP",
    "Convolution",
    "Fitted",
    "Initialization",
    "Pool",
    "Widths",
    "cnn_within",
    "mlp_within",
]
