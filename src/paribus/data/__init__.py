"""Data sets: what they are, where they come from, how they are split."""

from paribus.data.base import Normalize
from paribus.data.digits import Digits
from paribus.data.functions import Function
from paribus.data.idx_images import MNIST, FashionMNIST

__all__ = ["MNIST", "Digits", "FashionMNIST", "Function", "Normalize"]
