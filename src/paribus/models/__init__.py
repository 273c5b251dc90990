"""Networks to train: declarations that build Equinox modules."""

from paribus.models.base import layers_of, named_weights
from paribus.models.budget import Fitted, Widths, cnn_within, mlp_within
from paribus.models.cnn import CNN, Convolution, Pool
from paribus.models.initialize import Initialization
from paribus.models.mlp import MLP
from paribus.models.own import Own

__all__ = [
    "CNN",
    "MLP",
    "Convolution",
    "Fitted",
    "Initialization",
    "Own",
    "Pool",
    "Widths",
    "cnn_within",
    "layers_of",
    "mlp_within",
    "named_weights",
]
