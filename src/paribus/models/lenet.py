"""LeNet as several studies have it: two convolutions, each with pooling, and three dense layers.

After LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition,
Proceedings of the IEEE 86 (1998), with relu and maxima in place of the original's units.
"""

from paribus.models.cnn import CNN, Convolution, Pool

LENET = CNN(
    convolutions=(
        Convolution(channels=6, kernel=5, pool=Pool()),
        Convolution(channels=16, kernel=5, pool=Pool()),
    ),
    hidden=(120, 84),
)
"""62,006 parameters on images of 32 x 32 in three colours and ten classes."""

SMALL_LENET = CNN(
    convolutions=(
        Convolution(channels=6, kernel=3, pool=Pool()),
        Convolution(channels=16, kernel=2),
    ),
    hidden=(120, 84),
)
"""The same layers with smaller kernels, for images of 8 x 8, where two of 5 x 5 do not fit."""
