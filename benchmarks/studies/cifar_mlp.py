"""A deeper perceptron on CIFAR-10 in levels of gray, for the benchmark."""

from paribus import Recipe, Study, data, models, optimizers

STUDY = Study(
    name="cifar-mlp",
    question="How long does a step take?",
    recipe=Recipe(
        data=data.CIFAR10(grayscale=True),
        model=models.MLP(hidden=(256, 256, 256, 256, 256), activation="relu"),
        optimizer=optimizers.Adam(learning_rate=1e-3),
        batch_size=1024,
        epochs=1,
        evaluate="end",
    ),
)
