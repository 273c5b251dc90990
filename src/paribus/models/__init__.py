"""Networks to train: declarations that build Equinox modules."""

from paribus.models.cnn import CNN, Convolution, Pool
from paribus.models.initialize import Initialization
from paribus.models.mlp import MLP

__all__ = ["CNN", "MLP", "Convolution", "Initialization", "Pool"]
