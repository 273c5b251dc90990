"""Constructed studies that look like real ones: what the results and report tests read."""

import itertools

import numpy as np

from paribus.results.tidy import StudyResults, tidy
from paribus.store.records import Measurement, Member, StoredRun, StudyEntry

LAYERS = np.array(["hidden 1", "hidden 2", "output"])
RECIPE = {
    "data": {"kind": "digits", "validation": 300, "normalization": {"mean": [0.0], "std": [1.0]}},
    "model": {"kind": "mlp", "hidden": [128, 64], "activation": "relu", "bias": True},
    "initialization": {"kind": "he", "distribution": "normal"},
    "objective": {"loss": "cross entropy", "penalty": {"l2": 0.0001}},
    "optimizer": {
        "kind": "adamw",
        "learning_rate": 0.0003,
        "weight_decay": 0.001,
        "schedule": {"kind": "constant"},
    },
    "batch_size": 32,
    "epochs": 20,
    "augmentation": None,
}


def provenance(replicate=0, **changes):
    return {
        "paribus": "0.1.0",
        "numerics": 1,
        "python": "3.11.9",
        "jax": "0.9.0",
        "jaxlib": "0.9.0",
        "equinox": "0.13.2",
        "optax": "0.2.6",
        "numpy": "2.4.0",
        "platform": "Linux-6.1-x86_64",
        "device": "cpu: Example 3000",
        "cpu_features": "avx2 avx512f fma",
        "cores": 8,
        "precision": "float32",
        "started": f"2026-03-01T12:{replicate:02d}:00Z",
        "finished": f"2026-03-01T12:{replicate:02d}:09Z",
        "seconds": {"compile": 1.5, "train": 6.25, "evaluate": 0.5, "probe": 0.25},
        "model_steps": 800,
        "examples": {"train": 1197, "validation": 300, "test": 300},
        "data": {"name": "digits", "fingerprint": "sha256:5f1c0ffee", "state": "embedded"},
    } | changes


def classification(best, speed, seed, epochs=20, validation=True):
    """Measurements of one run whose test accuracy climbs from chance to about `best`."""
    noise = np.random.default_rng(seed)
    epoch = np.arange(epochs + 1)
    shift = noise.normal(0, 0.004)
    ours = best + shift - (best - 0.1) * np.exp(-epoch * speed)
    curves = {}
    for split, gain in {"train": 0.015, "validation": 0.002, "test": 0.0}.items():
        if split == "validation" and not validation:
            continue
        accuracy = np.clip(ours + gain * (1 - np.exp(-epoch / 8)), 0, 1)
        accuracy = np.clip(accuracy + noise.normal(0, 0.002, epoch.size), 0, 1)
        curves[f"{split}/accuracy"] = accuracy
        curves[f"{split}/precision"] = np.clip(accuracy + 0.002, 0, 1)
        curves[f"{split}/recall"] = np.clip(accuracy - 0.002, 0, 1)
        curves[f"{split}/loss"] = 2.3 * (1 - accuracy) + 0.03
    measurements = [
        Measurement(name, values, coords={"epoch": epoch}) for name, values in curves.items()
    ]
    measurements.append(
        Measurement("batch/loss", curves["train/loss"][1:] * 1.05, coords={"epoch": epoch[1:]})
    )
    return (*measurements, *layer_norms(noise, epoch), confusion(noise, float(ours[-1])))


def layer_norms(noise, epoch):
    grown = np.log1p(epoch)[:, None] + np.array([9.0, 7.0, 3.0])
    fallen = np.exp(-epoch / 10)[:, None] * np.array([0.02, 0.2, 1.5])
    coords = {"epoch": epoch, "layer": LAYERS}
    for name, values in {"gradient/norm": fallen, "weight/norm": grown}.items():
        wobble = np.exp(noise.normal(0, 0.05, values.shape))
        yield Measurement(name, values * wobble, ("epoch", "layer"), coords)


def confusion(noise, accuracy):
    rates = np.full((10, 10), (1 - accuracy) / 9) + np.eye(10) * (accuracy - (1 - accuracy) / 9)
    counts = np.stack([noise.multinomial(30, row / row.sum()) for row in rates])
    names = np.array([str(digit) for digit in range(10)])
    return Measurement(
        "test/confusion", counts, ("true", "predicted"), {"true": names, "predicted": names}
    )


def cut(measurements, epochs):
    """The measurements up to and including an epoch: what a diverged run leaves behind."""
    for one in measurements:
        if "epoch" in one.dims:
            kept = one.coords["epoch"] <= epochs
            coords = dict(one.coords) | {"epoch": one.coords["epoch"][kept]}
            yield Measurement(one.name, one.values[kept], one.dims, coords)


def entry(factors, replicates, **document):
    names = [factor["name"] for factor in factors]
    members = [
        Member(
            "-".join([*labels, str(replicate)]), dict(zip(names, labels, strict=True)), replicate
        )
        for labels in itertools.product(*(factor["labels"] for factor in factors))
        for replicate in range(replicates)
    ]
    base = {
        "name": "activations",
        "scale": "demo",
        "question": "Which activation trains best, all else being equal?",
        "command": "paribus run activations --scale demo",
        "description": "A small fully connected network on the embedded digits, once per "
        "activation; every replicate shares split, order and initial weights.",
        "source": "",
        "factors": factors,
        "recipe": RECIPE,
        "replicates": replicates,
        "reported": {},
        "primary": "test/accuracy",
    }
    return StudyEntry("activations", "demo", base | document, tuple(members))


def factor(name, labels, path):
    return {"name": name, "labels": labels, "sets": {label: {path: label} for label in labels}}


ACTIVATIONS = factor("activation", ["sigmoid", "tanh", "relu", "gelu"], "model.activation")
BEST = {"sigmoid": 0.921, "tanh": 0.951, "relu": 0.962, "gelu": 0.964}


def stored(member, measurements, parameters=118_282, **changes):
    fields = {
        "recipe": RECIPE,
        "replicate": member.replicate,
        "fingerprint": "sha256:5f1c0ffee",
        "status": "finished",
        "parameters": parameters,
        "provenance": provenance(member.replicate),
    }
    return StoredRun(member.key, **(fields | changes), measurements=tuple(measurements))


def activation_runs(study):
    for number, member in enumerate(study.members):
        best = BEST[member.condition["activation"]]
        yield stored(member, classification(best, 0.25 + 4 * (best - 0.92), number))


def activations(replicates=5, **document) -> StudyResults:
    """4 activations, 20 epochs, every run finished."""
    study = entry([ACTIVATIONS], replicates, **document)
    return tidy(study, activation_runs(study))


def diverging() -> StudyResults:
    """As `activations`, but the third replicate of relu diverged in epoch 7."""
    study = entry([ACTIVATIONS], 5)
    runs = list(activation_runs(study))
    place = next(n for n, run in enumerate(runs) if run.key == "relu-2")
    left = cut(runs[place].measurements, 6)
    runs[place] = stored(study.members[place], left, status="diverged", diverged_epoch=7)
    return tidy(study, runs)


def widths(replicates=2) -> StudyResults:
    """16 widths of one factor, with parameter counts that differ."""
    labels = [str(round(4 * 1.6**step)) for step in range(16)]
    study = entry(
        [factor("hidden", labels, "model.hidden")],
        replicates,
        name="width",
        question="How much does width buy?",
    )
    runs = [
        stored(
            member,
            classification(0.97 - 0.5 / (int(member.condition["hidden"]) + 2), 0.4, number),
            parameters=int(member.condition["hidden"]) * 75 + 10,
        )
        for number, member in enumerate(study.members)
    ]
    return tidy(study, runs)


def grid() -> StudyResults:
    """4 activations x 3 batch sizes."""
    study = entry([ACTIVATIONS, factor("batch size", ["8", "32", "128"], "batch_size")], 3)
    runs = [
        stored(
            member,
            classification(
                BEST[member.condition["activation"]], 4 / int(member.condition["batch size"]), n
            ),
        )
        for n, member in enumerate(study.members)
    ]
    return tidy(study, runs)


def regression() -> StudyResults:
    """Two penalties on a regression: losses only, no classes, no confusion."""
    study = entry(
        [factor("penalty", ["none", "l2"], "objective.penalty.l2")],
        4,
        name="penalty",
        question="Does an L2 penalty help on a noisy function?",
        primary="test/loss",
    )
    epoch = np.arange(31)
    runs = []
    for number, member in enumerate(study.members):
        noise = np.random.default_rng(number)
        floor = (0.02 if member.condition["penalty"] == "l2" else 0.03) + noise.normal(0, 0.002)
        loss = floor + np.exp(-epoch / 5)
        runs.append(
            stored(
                member,
                [
                    Measurement(f"{split}/loss", loss * scale, coords={"epoch": epoch})
                    for split, scale in {"train": 0.9, "validation": 1.0, "test": 1.05}.items()
                ],
            )
        )
    return tidy(study, runs)
