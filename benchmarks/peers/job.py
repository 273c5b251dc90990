"""What every peer is told on its command line, and what it prints when it is done."""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workloads import WORKLOADS, Workload


@dataclass(frozen=True)
class Job:
    """A workload, how many steps to train each model, its images and their labels.

    `images` are uint8, (examples, height, width) or (examples, height, width, channels).
    """

    workload: Workload
    steps: int
    models: int
    threads: int
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def inputs(self) -> NDArray[np.float32]:
        """All images as the network takes them, converted once."""
        scaled = self.images.astype(np.float32)
        scaled /= 255
        scaled -= self.workload.mean
        scaled /= self.workload.std
        return scaled if self.images.ndim == 4 else scaled.reshape(len(scaled), -1)

    def order(self, seed: int = 0) -> NDArray[np.int32]:
        """The positions of every step's examples, (steps, batch): epochs of shuffled data."""
        generator = np.random.default_rng(seed)
        needed, count = self.steps * self.workload.batch, len(self.images)
        epochs = [generator.permutation(count) for _ in range(-(-needed // count))]
        shuffled = np.concatenate(epochs)[:needed].astype(np.int32)
        return shuffled.reshape(self.steps, self.workload.batch)


def read_job() -> Job:
    """The job that the command line asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", choices=list(WORKLOADS))
    parser.add_argument("--data", type=Path, required=True, help="folder of the .npy files")
    parser.add_argument("--steps", type=int, required=True, help="optimizer steps of each model")
    parser.add_argument("--models", type=int, default=1, help="models trained at once")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    workload = WORKLOADS[asked.workload]
    return Job(
        workload=workload,
        steps=asked.steps,
        models=asked.models,
        threads=asked.threads,
        images=np.load(asked.data / f"{workload.data}-images.npy"),
        labels=np.load(asked.data / f"{workload.data}-labels.npy"),
    )


def report(loss: float) -> None:
    """Prints the loss of the last step, which shows that the steps were taken."""
    print(json.dumps({"loss": loss}))
