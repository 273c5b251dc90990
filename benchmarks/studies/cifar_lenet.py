"""LeNet on CIFAR-10, for the benchmark, which sets the batch size."""

from paribus import Recipe, Study, data, models, optimizers

STUDY = Study(
    name="cifar-lenet",
    question="How long does a step take?",
    recipe=Recipe(
        data=data.CIFAR10(normalization=data.Normalize(mean=(0.5,), std=(0.5,))),
        model=models.CNN(
            convolutions=(
                models.Convolution(channels=6, kernel=5, pool=models.Pool()),
                models.Convolution(channels=16, kernel=5, pool=models.Pool()),
            ),
            hidden=(120, 84),
            activation="relu",
        ),
        optimizer=optimizers.SGD(learning_rate=1e-3, momentum=0.9),
        batch_size=32,
        epochs=1,
        evaluate="end",
    ),
)
