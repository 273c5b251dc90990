"""Constructed studies with one kind of measurement each: what the tests of figures read."""

import dataclasses

import numpy as np

from paribus.results.tidy import tidy
from paribus.store.records import Measurement
from results.example_studies import classification, entry, factor, stored

SIGNED, NORM = "gradient/mean", "gradient/norm"


def depths(epochs=10, replicates=3, deepest=10, **document):
    """Two activations x ten depths: gradients per layer, which vanish towards the input."""
    factors = [
        factor("activation", ["sigmoid", "relu"], "model.activation"),
        factor("depth", [str(depth) for depth in range(1, deepest + 1)], "model.depth"),
    ]
    study = entry(factors, replicates, **document)
    runs = []
    for number, member in enumerate(study.members):
        noise = np.random.default_rng(number)
        depth = int(member.condition["depth"])
        fading = 0.8 if member.condition["activation"] == "sigmoid" else 0.2
        layer, epoch = np.arange(depth), np.arange(epochs + 1)
        size = 10.0 ** (-fading * layer[::-1]) * np.exp(-epoch / 8)[:, None]
        size = size * np.exp(noise.normal(0, 0.1, size.shape))
        coords = {"epoch": epoch, "layer": np.array([str(one + 1) for one in layer])}
        stall = fading * depth / 10
        loss = 2.302 - (1.6 - 1.6 * min(stall, 1)) * (1 - np.exp(-epoch / 4))
        found = [
            Measurement(NORM, size, ("epoch", "layer"), coords),
            Measurement(
                SIGNED, size * noise.choice([-0.01, 0.01], size.shape), ("epoch", "layer"), coords
            ),
            Measurement("train/loss", loss + noise.normal(0, 0.003), coords={"epoch": epoch}),
            Measurement("test/accuracy", 0.1 + (2.302 - loss) / 3, coords={"epoch": epoch}),
        ]
        runs.append(stored(member, found, parameters=1000 * depth))
    return tidy(study, runs)


def words(count, **document):
    """So many conditions of one factor that no order or colour tells apart, all trained alike."""
    labels = [f"word {number:03d}" for number in range(count)]
    study = entry([factor("word", labels, "model.word")], 2, **document)
    return tidy(study, [stored(one, classification(0.9, 0.4, 0)) for one in study.members])


WIDTHS = (60, 120, 250, 500, 570, 720, 1050, 1200, 1550, 1990)


def hidden_units(replicates=5, **document):
    """One hidden layer of ten widths: four metrics, parameters from 47,710 to 1,582,060."""
    study = entry(
        [factor("hidden", [str(width) for width in WIDTHS], "model.hidden")],
        replicates,
        name="parameters",
        **document,
    )
    runs = []
    for number, member in enumerate(study.members):
        width = int(member.condition["hidden"])
        best = 0.985 - 0.9 / width
        runs.append(stored(member, classification(best, 0.4, number), parameters=795 * width + 10))
    return tidy(study, runs)


BUDGETS = {"0": 7850, "6": 101_770, "7": 104_775, "8": 101_807, "9": 407_050, "12": 3985}
BEST = {"0": 0.84, "6": 0.8785, "7": 0.8803, "8": 0.8795, "9": 0.8826, "12": 0.8263}


def architectures(replicates=5, more=12, **document):
    """Architectures under number labels, three of them with nearly equal parameters."""
    others = {str(100 + number): 50_000 + 9000 * number for number in range(more)}
    counts = BUDGETS | others
    study = entry([factor("architecture", list(counts), "model")], replicates, **document)
    runs = [
        stored(
            member,
            classification(BEST.get(label, 0.87), 0.4, number, validation=False),
            parameters=counts[label],
        )
        for number, member in enumerate(study.members)
        for label in [member.condition["architecture"]]
    ]
    return tidy(study, runs)


def batch_sizes(replicates=5, **document):
    """Five batch sizes x two rates: metrics of both splits, and sensitivity at the end."""
    sizes = ["8", "32", "128", "512", "2048"]
    factors = [
        factor("batch_size", sizes, "batch_size"),
        factor("rate", ["0.01", "0.1"], "optimizer.learning_rate"),
    ]
    study = entry(factors, replicates, **document)
    runs = []
    for number, member in enumerate(study.members):
        size = int(member.condition["batch_size"])
        slow = 1 + (member.condition["rate"] == "0.01")
        found = classification(0.98 - 0.02 * slow * np.log10(size), 0.4, number)
        noise = np.random.default_rng(number)
        end = {"epoch": np.array([20])}
        peak = np.exp(-((np.log2(size) - 6) ** 2) / 8) * slow
        values = np.array([peak + noise.normal(0, 0.03) + 0.3])
        sensitivity = [
            Measurement("sensitivity/test", values, coords=end),
            Measurement("sensitivity/train", values * 0.8, coords=end),
        ]
        runs.append(stored(member, [*found, *sensitivity]))
    return tidy(study, runs)


def minimal_ratios(replicates=100, iterations=2000, **document):
    """Two networks: minimal ratio by tolerance, the loss of a second phase, and who converged."""
    study = entry(
        [factor("network", ["relu", "tanh"], "model.activation")],
        replicates,
        primary="train/loss",
        **document,
    )
    runs = []
    tolerances = np.logspace(-10, -4, 13)
    for number, member in enumerate(study.members):
        noise = np.random.default_rng(number)
        tanh = member.condition["network"] == "tanh"
        steps = int(iterations * noise.uniform(0.3, 1)) + 1
        loss = 10.0 ** noise.normal(-2.5, 0.5)
        ratio = np.clip(0.75 - 0.05 * np.log10(loss) - 0.2 * tanh + noise.normal(0, 0.03), 0, 1)
        phase = loss * (1 + 0.4 * np.exp(-np.arange(steps) / 200) * noise.uniform(0.5, 1))
        end = {"epoch": np.array([500])}
        by_tolerance = np.clip(ratio - 0.02 * np.arange(13), 0, 1)
        found = [
            Measurement("train/loss", np.array([2.0, loss]), coords={"epoch": np.array([0, 500])}),
            Measurement("hessian/minimal_ratio", np.array([ratio]), coords=end),
            Measurement(
                "phase/converged",
                np.array([1.0 if tanh else float(noise.random() > 0.7)]),
                coords=end,
            ),
            Measurement(
                "hessian/minimal_ratio_over_tolerance",
                by_tolerance[None],
                ("epoch", "tolerance"),
                end | {"tolerance": tolerances},
            ),
            Measurement("phase/loss", phase[None], ("epoch", "iteration"), end),
        ]
        runs.append(stored(member, found, parameters=572))
    return tidy(study, runs)


def functions(replicates=2, **document):
    """Two functions x three networks with what they fitted; runs end at a threshold of loss."""
    factors = [
        factor("function", ["sinc", "sign of sine"], "data.function"),
        factor("network", ["deep", "middle", "shallow"], "model.hidden"),
    ]
    study = entry(
        factors,
        replicates,
        recipe={"epochs": 20_000, "loss_threshold": 0.001},
        primary="train/loss",
        name="function-fitting",
        **document,
    )
    x = np.linspace(0.001, 1, 1000)
    targets = {
        "sinc": np.sin(5 * np.pi * x) / (5 * np.pi * x),
        "sign of sine": np.sign(np.sin(5 * np.pi * x)),
    }
    pace = {"deep": 400, "middle": 900, "shallow": 450}
    runs = []
    for number, member in enumerate(study.members):
        noise = np.random.default_rng(number)
        target = targets[member.condition["function"]]
        hard = member.condition["function"] != "sinc"
        speed = pace[member.condition["network"]] * noise.uniform(0.8, 1.25)
        end = 20_000 if hard else int(speed * 5.3)
        epoch = np.unique(np.append(np.arange(0, end, 100), end))
        loss = (0.15 if hard else 0.0) + 0.2 * np.exp(-epoch / speed)
        width = int(10 + speed / 20)
        kernel = np.ones(width) / width
        fitted = np.convolve(np.pad(target, width, mode="edge"), kernel, "same")[width:-width]
        fitted = fitted + 0.03 * np.sin(9 * x + number)
        places = {"outputs/input": x, "outputs/fitted": fitted, "outputs/target": target}
        found = [
            Measurement("train/loss", loss, coords={"epoch": epoch}),
            *(
                Measurement(name, values[None], ("epoch", "example"), {"epoch": np.array([end])})
                for name, values in places.items()
            ),
        ]
        runs.append(stored(member, found, parameters=571))
    return tidy(study, runs)


def paths(count=8, **document):
    """Eight runs of one condition, and the analysis of their paths."""
    study = entry([], count, name="optimization-path", **document)
    epoch = np.arange(0, 41, 3)
    noise = np.random.default_rng(3)
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False) + noise.normal(0, 0.1, count)
    reach = 12 * (1 - np.exp(-epoch / 12))
    start = noise.normal(0, 0.6, (count, 1, 2))
    ways = np.stack([np.cos(angle), np.sin(angle) * 0.7], axis=1)
    drift = np.cumsum(noise.normal(0, 0.12, (count, len(epoch), 2)), axis=1)
    coordinates = start + reach[None, :, None] * ways[:, None, :] + drift
    accuracy = 0.1 + 0.88 * (1 - np.exp(-epoch / 5)) + noise.normal(0, 0.002, (count, len(epoch)))
    at = {"run": np.array([f"replicate {one}" for one in range(count)]), "epoch": epoch}
    analyses = [
        Measurement(
            "path/coordinates",
            coordinates,
            ("run", "epoch", "axis"),
            at | {"axis": np.array([1, 2])},
        ),
        Measurement("path/variance", np.array([0.183, 0.141]), ("axis",)),
        Measurement("path/accuracy", accuracy, ("run", "epoch"), at),
        Measurement("path/loss", 2.3 * (1 - accuracy), ("run", "epoch"), at),
    ]
    runs = [
        stored(member, classification(0.98, 0.4, number))
        for number, member in enumerate(study.members)
    ]
    return tidy(study, runs, analyses)


def lines(replicates=5, **document):
    """Two pairs of networks: loss and accuracy between them, with a barrier in the second."""
    study = entry(
        [factor("training", ["rate 0.001", "rate 0.01", "batch 1024"], "optimizer")],
        replicates,
        name="flatness-interpolation",
        **document,
    )
    noise = np.random.default_rng(5)
    at = np.round(np.linspace(-1, 2, 61), 12)
    pairs = ["rate 0.001 to rate 0.01", "rate 0.001 to batch 1024"]
    loss = np.empty((2, replicates, 61))
    for pair, height in enumerate((0.02, 0.6)):
        for replicate in range(replicates):
            outside = np.maximum(np.abs(at - 0.5) - 0.5, 0)
            bump = height * np.exp(-(((at - 0.5) / 0.2) ** 2)) * noise.uniform(0.7, 1.3)
            loss[pair, replicate] = 0.08 + 2.5 * outside**2 * noise.uniform(0.8, 1.2) + bump
    accuracy = np.clip(1 - loss / 4, 0.1, 1)
    coords = {"pair": np.array(pairs), "replicate": np.arange(replicates), "position": at}
    dims = ("pair", "replicate", "position")
    barriers = loss[:, :, 20:41].max(axis=2) - 0.08
    analyses = [
        Measurement("line/train_loss", loss * 0.8, dims, coords),
        Measurement("line/test_loss", loss, dims, coords),
        Measurement("line/train_accuracy", np.clip(accuracy + 0.01, 0, 1), dims, coords),
        Measurement("line/test_accuracy", accuracy, dims, coords),
        Measurement("line/train_barrier", barriers * 0.8, dims[:2]),
        Measurement("line/test_barrier", barriers, dims[:2]),
    ]
    runs = [
        stored(member, classification(0.97, 0.4, number))
        for number, member in enumerate(study.members)
    ]
    return tidy(study, runs, analyses)


STALLS = {"sigmoid": (4, 4, 5, 4, 4), "tanh": (14, 13, 99, 99, 15), "relu": (8, 9, 7, 8, 8)}


def scan(replicates=5, cap=20, diverged=False, **document):
    """A scan over depth: runs up to the first that stalls, at the depths of `STALLS`.

    With `diverged`, replicate 0 of sigmoid diverged at its stalling depth.
    """
    factors = [
        factor("activation", list(STALLS), "model.activation"),
        factor("depth", [str(depth) for depth in range(1, cap + 1)], "model.depth"),
    ]
    document = {"design": {"kind": "scan", "factor": "depth", "remedies": ""}} | document
    study = entry(factors, replicates, name="depth-to-stall", **document)
    kept, runs = [], []
    for number, member in enumerate(study.members):
        depth = int(member.condition["depth"])
        stall = STALLS[member.condition["activation"]][member.replicate]
        if depth > stall:
            continue
        kept.append(member)
        ends = 2.3025 if depth == stall else 1.5 + 0.02 * depth
        found = [
            one
            for one in classification(0.5, 0.4, number, epochs=5)
            if one.name != "train/loss" and "epoch" not in one.dims[1:]
        ]
        loss = np.linspace(2.31, ends, 6)
        found.append(Measurement("train/loss", loss, coords={"epoch": np.arange(6)}))
        lost = diverged and depth == stall and member.key == "sigmoid-4-0"
        changes = {"status": "diverged", "diverged_epoch": 3} if lost else {}
        runs.append(stored(member, found, **changes))
    return tidy(dataclasses.replace(study, members=tuple(kept)), runs)


def timed(**document):
    """Four activations, and how long an epoch of each took, five times."""
    names = ["sigmoid", "tanh", "relu", "leaky_relu"]
    study = entry([factor("activation", names, "model.activation")], 2, **document)
    noise = np.random.default_rng(7)
    seconds = np.array([1.42, 1.38, 1.11, 1.13])[:, None] * noise.normal(1, 0.015, (4, 5))
    analyses = [
        Measurement(
            "time/epoch_seconds", seconds, ("condition", "repeat"), {"condition": np.array(names)}
        )
    ]
    runs = [
        stored(member, classification(0.95, 0.4, number))
        for number, member in enumerate(study.members)
    ]
    return tidy(study, runs, analyses)
