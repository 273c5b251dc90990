"""Data sets: what they are, where they come from, how they are split."""

from paribus.data.arrays import Arrays
from paribus.data.augment import Crop, Flip, ResizedCrop
from paribus.data.base import Normalize
from paribus.data.cifar import CIFAR10
from paribus.data.digits import Digits
from paribus.data.functions import Function
from paribus.data.gurmukhi import Gurmukhi
from paribus.data.idx_images import MNIST, FashionMNIST
from paribus.data.image_folder import ImageFolder
from paribus.data.interop import from_hugging_face, from_torch

__all__ = [
    "CIFAR10",
    "MNIST",
    "Arrays",
    "Crop",
    "Digits",
    "FashionMNIST",
    "Flip",
    "Function",
    "Gurmukhi",
    "ImageFolder",
    "Normalize",
    "ResizedCrop",
    "from_hugging_face",
    "from_torch",
]
