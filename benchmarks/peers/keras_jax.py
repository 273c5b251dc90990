"""Keras on JAX: `fit` on arrays, compiled, several steps for each call."""

import os

os.environ["KERAS_BACKEND"] = "jax"

import keras

from peers.job import Job, read_job, report
from workloads import MOMENTUM, WEIGHT_DECAY, Workload

STEPS_PER_EXECUTION = 32


def network(workload: Workload) -> keras.Model:
    layers = keras.layers
    if workload.widths:
        inputs, *hidden, outputs = workload.widths
        dense = [layers.Dense(width, activation="relu") for width in hidden]
        return keras.Sequential([keras.Input((inputs,)), *dense, layers.Dense(outputs)])
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(6, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(10),
        ]
    )


def optimizer(workload: Workload) -> keras.optimizers.Optimizer:
    rate = workload.learning_rate
    match workload.optimizer:
        case "sgd":
            return keras.optimizers.SGD(rate, momentum=MOMENTUM)
        case "adam":
            return keras.optimizers.Adam(rate)
        case "adamw":
            return keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY)


def epochs_and_examples(job: Job) -> tuple[int, int]:
    """The job's steps as whole epochs of as many examples as there are, or fewer."""
    epochs = -(-job.steps // (len(job.images) // job.workload.batch))
    return epochs, job.steps // epochs * job.workload.batch


def main() -> None:
    job = read_job()
    model = network(job.workload)
    model.compile(
        optimizer=optimizer(job.workload),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=True,
        steps_per_execution=STEPS_PER_EXECUTION,
    )
    epochs, examples = epochs_and_examples(job)
    inputs, labels = job.inputs()[:examples], job.labels[:examples]
    history = model.fit(
        inputs, labels, batch_size=job.workload.batch, epochs=epochs, shuffle=True, verbose=0
    )
    report(history.history["loss"][-1])


if __name__ == "__main__":
    main()
