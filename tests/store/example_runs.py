"""Small runs for tests of the store; also a program that writes them until it is killed."""

import sys
from pathlib import Path

import numpy as np

from paribus.store import Catalogue, Measurement, Member, StoredRun, StudyEntry


def example_key(index: int) -> str:
    return f"{index:064x}"


def example_run(index: int, **changes) -> StoredRun:
    random = np.random.default_rng(index)
    epochs = {"epoch": np.array([1, 5, 10])}
    fields = {
        "key": example_key(index),
        "recipe": {"model": {"hidden": [16]}, "optimizer": {"learning_rate": 0.1}},
        "replicate": index,
        "fingerprint": "sha256:abc",
        "status": "finished",
        "parameters": 12_704,
        "provenance": {"jax": "0.8", "seconds": 1.5, "device": None},
        "measurements": (
            Measurement("test/loss", random.normal(size=3).astype(np.float32), coords=epochs),
            Measurement(
                "gradient/norm",
                random.normal(size=(3, 2)),
                ("epoch", "layer"),
                {**epochs, "layer": np.array(["hidden", "output"])},
            ),
            Measurement("test/final", np.array(0.5), ()),
        ),
        "artifacts": {"weights.safetensors": random.bytes(10_000), "correct": b""},
    }
    return StoredRun(**(fields | changes))


def example_study(name: str, indices, scale: str = "demo") -> StudyEntry:
    members = [Member(example_key(index), {"width": "16"}, index) for index in indices]
    return StudyEntry(name, scale, {"name": name, "factors": []}, tuple(members))


def main() -> None:
    """Open the lab, then store the runs that are missing, saying so after the first."""
    with Catalogue.open(Path(sys.argv[1]), create=True) as catalogue:
        done = catalogue.finished(map(example_key, range(100_000)))
        for index in range(len(done), 100_000):
            catalogue.add_run(example_run(index))
            if index == len(done):
                print("writing", flush=True)  # noqa: T201 - the parent waits for it


if __name__ == "__main__":
    main()
