"""A small perceptron on Fashion-MNIST, for the benchmark."""

from paribus import Recipe, Study, data, models, optimizers

STUDY = Study(
    name="fashion-mlp",
    question="How long does a step take?",
    recipe=Recipe(
        data=data.FashionMNIST(),
        model=models.MLP(hidden=(128,), activation="relu"),
        optimizer=optimizers.AdamW(learning_rate=3e-4, weight_decay=1e-3),
        batch_size=32,
        epochs=1,
        evaluate="end",
    ),
)
