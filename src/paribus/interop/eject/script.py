"""The text of a run's PyTorch script: what this run needs, as a teacher would write it.

The template holds the layout; here is what a run puts into it. Lines are as the formatter makes
them, so that formatting the script changes nothing.
"""

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from paribus.data.catalogue import name_of
from paribus.interop.eject import parts
from paribus.interop.eject.lines import WIDTH, quotable
from paribus.interop.eject.schedule import Setting, schedule_text
from paribus.interop.layers import Blocks
from paribus.optimizers.sgd import SGD
from paribus.store.records import StoredRun
from paribus.training.recipe import Recipe


@dataclass(frozen=True)
class Ejected:
    """A run to be written as a script: where studies have it, its recipe and its layers."""

    stored: StoredRun
    places: tuple[str, ...]
    recipe: Recipe
    blocks: Blocks


def script(run: Ejected) -> str:
    """The script of a run that can be ejected, as Python source."""
    recipe, schedule = run.recipe, schedule_text(run.recipe)
    metric = "accuracy" if recipe.data.facts().classification else "loss"
    loss_digits = ".12f" if recipe.precision == "float64" else ".6f"
    every = 0 if recipe.evaluate == "end" else recipe.evaluate
    measured = ["validation", "test"] if recipe.data.validation and every else ["test"]
    sets = ["train", *measured] if every else ["train"]
    return (
        _environment()
        .get_template("train.py.jinja")
        .render(
            title=f"Run {run.stored.key[:16]} of Paribus {version('paribus')} in plain PyTorch.",
            told=list(_told(run)),
            settings=[*_settings(run), *schedule.settings],
            metric=metric,
            digits=".4f" if metric == "accuracy" else loss_digits,
            loss_digits=loss_digits,
            recorded=_recorded(run.stored, metric),
            model=parts.model_parts(recipe, run.blocks),
            loss=parts.loss_parts(recipe),
            penalty=parts.penalty_parts(recipe),
            schedule=schedule,
            inputs=parts.input_lines(recipe),
            target_cast=parts.target_cast(recipe),
            optimizer=parts.optimizer_lines(recipe),
            setup=parts.setup_lines(recipe, run.blocks),
            measure="accuracy" if metric == "accuracy" else "mean_loss",
            measured_splits=measured,
            sets=[f"{split}_set" for split in sets],
            shuffled=recipe.steps_per_epoch > 1,
            every=every,
        )
    )


def _environment() -> Environment:
    return Environment(  # what it makes is Python, in which nothing is markup
        loader=PackageLoader("paribus.interop.eject"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _told(run: Ejected) -> Iterator[str]:
    """What the script says of itself, in lines: a paragraph after an empty one."""
    recipe = run.recipe
    order = "in the order of order.safetensors, " if recipe.steps_per_epoch > 1 else ""
    paragraphs = [
        *(quotable(place) for place in run.places[:1]),
        f"Trains on data.safetensors ({quotable(name_of(recipe.data))}), {order}from the weights "
        "in initial.safetensors on. At its end it compares itself with what Paribus recorded and "
        "with the weights in final.safetensors, and saves its own as trained.safetensors.",
    ]
    if share := recipe.data.random_labels:
        paragraphs.append(
            f"A share of {share:g} of the labels trained on was drawn at random, once; "
            "data.safetensors has them as they were drawn."
        )
    if parts.has_dropout(run.blocks):
        paragraphs.append(
            "PyTorch draws other dropout masks than Paribus does, so this is another run of the "
            "same condition and not the same run."
        )
    else:
        paragraphs.append(
            "PyTorch and Paribus round differently in the last digit. Training makes more of it "
            "with every step: losses agree at first to many digits, at last to fewer."
        )
    paragraphs.append("Needs torch, numpy and safetensors.")
    for paragraph in paragraphs:
        yield from ["", *textwrap.wrap(paragraph, WIDTH)]


def _settings(run: Ejected) -> Iterator[Setting]:
    recipe, epochs = run.recipe, run.stored.provenance["epochs"]
    rule = recipe.optimizer
    yield "EPOCHS", f"{epochs}", _ending(recipe, epochs)
    if recipe.steps_per_epoch > 1:
        yield "BATCH_SIZE", f"{recipe.batch}", ""
    yield "LEARNING_RATE", f"{rule.learning_rate!r}", ""
    if isinstance(rule, SGD) and rule.momentum:
        yield "MOMENTUM", f"{rule.momentum!r}", ""
    if parts.has_decay(recipe):
        yield "WEIGHT_DECAY", f"{rule.weight_decay!r}", ""
    for name in ("l1", "l2"):
        if coefficient := getattr(recipe.penalties, name):
            yield name.upper(), f"{coefficient!r}", "times the sum of " + _NORMS[name]


_NORMS = {"l1": "|w|", "l2": "w^2"}


def _ending(recipe: Recipe, epochs: int) -> str:
    """Why training ended where it did, if that was before its planned end."""
    if epochs == recipe.epochs:
        return ""
    rules = []
    if recipe.early_stopping is not None:
        rules.append(f"early stopping on {recipe.early_stopping.metric}")
    if recipe.loss_threshold is not None:
        rules.append(f"a train loss of {recipe.loss_threshold!r} or less")
    return f"of {recipe.epochs}: ended by {' or '.join(rules)}"


def _recorded(stored: StoredRun, metric: str) -> Mapping[str, str]:
    """What was measured after the last epoch, as Python writes it."""
    found: dict[str, Any] = {one.name: one.values for one in stored.measurements}
    train_loss, test = (np.ravel(found[name])[-1] for name in ("batch/loss", f"test/{metric}"))
    return {"train_loss": repr(float(train_loss)), "test": repr(float(test))}
