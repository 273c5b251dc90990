"""The recipe: everything that defines one training."""

from typing import Annotated, Literal

from pydantic import Field, Strict, model_validator

from paribus.data.augment import AnyAugmentation, faults_in
from paribus.data.catalogue import AnyData
from paribus.errors import DeclarationError, Fault
from paribus.models.base import named_weights, parameters_of, skeleton
from paribus.models.cnn import CNN
from paribus.models.initialize import Initialization
from paribus.models.mlp import MLP
from paribus.models.own import Own
from paribus.objectives.losses import NEEDS_CLASSES, AnyLoss, loss_faults
from paribus.objectives.penalties import Penalties, penalty_faults
from paribus.optimizers.adam import Adam, AdamW
from paribus.optimizers.sgd import SGD
from paribus.spec import Count, Spec, Traced
from paribus.training.second_phase import GradientNormPhase

NUMERICS = 3
"""Our own version of the arithmetic, part of every run's key: raised by any change of results."""

FEED_POSITIONS = 65_536
"""Positions of examples handed to the compiled program at once, if an epoch has fewer."""

LONGEST_FEED = 100
"""Epochs in one feed at most."""

AnyOptimizer = Annotated[SGD | Adam | AdamW, Field(discriminator="kind")]
AnyModel = Annotated[MLP | CNN | Own, Field(discriminator="kind")]


class EarlyStopping(Spec):
    """Stop when `metric` has not improved by more than `change` in `patience` evaluations.

    With a `relative_change` by more than that share of its best value before, besides.
    """

    metric: Literal["validation/loss", "validation/accuracy", "train/loss"] = "validation/loss"
    patience: Count = 10
    change: Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False)] = 0.0
    relative_change: Annotated[float, Strict(), Field(ge=0, lt=1)] = 0.0


class WarmStart(Spec):
    """Training begins with the network that this recipe gives with another batch size.

    That network is trained first, in full and for this run alone: its steps are not counted, and
    a run that is interrupted meanwhile begins anew.
    """

    batch_size: Count


class Recipe(Spec):
    """One training, in full: data, network, objective, update rule, length, measurements.

    Two runs with equal recipes, replicates and data are the same run. `evaluate` says when the
    splits are measured: at epoch 0 and after every so many epochs and the last, or only at the
    "end". Of the training examples a fixed random `evaluate_train` are measured where there are
    more. With a `loss_threshold` training ends after the first epoch whose `batch/loss` is at or
    below it. A `second_phase` begins where training has ended; it counts as one more epoch.
    """

    data: AnyData
    model: AnyModel
    optimizer: AnyOptimizer
    batch_size: Count
    epochs: Count
    loss: AnyLoss = "cross_entropy"
    penalties: Penalties = Penalties()
    augmentation: tuple[AnyAugmentation, ...] = ()
    initialization: Initialization = Initialization()
    evaluate: Count | Literal["end"] = 1
    evaluate_train: Count = 10_000
    early_stopping: EarlyStopping | None = None
    warm_start: WarmStart | None = None
    second_phase: GradientNormPhase | None = None
    loss_threshold: Annotated[
        float | None, Strict(), Field(gt=0, allow_inf_nan=False), Traced()
    ] = None
    precision: Literal["float32", "float64"] = "float32"
    matmul_precision: Literal["float32", "tensorfloat32"] = "float32"

    @model_validator(mode="after")
    def _fits_its_data(self) -> "Recipe":
        facts = self.data.facts()
        faults = []
        if self.loss in NEEDS_CLASSES and not facts.classification:
            name = type(self.data).__name__
            allowed = "mean_squared_error fits it"
            faults.append(Fault("loss", f"got {self.loss!r}; {name} has no classes: {allowed}"))
        faults += loss_faults(self.loss, facts.outputs, classes=facts.classification)
        wrong = self.model.faults(facts.shape, facts.outputs)
        faults += [Fault(f"model.{one.path}".rstrip("."), one.problem) for one in wrong]
        faults += [] if wrong else self._own_faults()
        found = faults_in(self.augmentation, facts.shape)
        faults += [Fault(f"augmentation.{one.path}", one.problem) for one in found]
        if self.second_phase is not None and not wrong:
            faults.extend(self._second_phase_faults(self.second_phase))
        if self.early_stopping is not None:
            faults.extend(self._stopping_faults(self.early_stopping, facts.classification))
        if faults:
            raise DeclarationError("Recipe", faults)
        return self

    def _own_faults(self) -> list[Fault]:
        """What does not fit a network or a penalty of the user's own."""
        faults = []
        if isinstance(self.model, Own) and self.initialization != Initialization():
            problem = "a network of your own makes its initial weights itself; leave it out"
            faults.append(Fault("initialization", problem))
        if isinstance(self.model, Own) or self.penalties.own is not None:
            facts = self.data.facts()
            weights = named_weights(skeleton(self.model, facts.shape, facts.outputs))
            found = penalty_faults(self.penalties, weights)
            faults += [Fault(f"penalties.{one.path}", one.problem) for one in found]
        return faults

    def _second_phase_faults(self, phase: GradientNormPhase) -> list[Fault]:
        facts = self.data.facts()
        parameters = parameters_of(self.model, facts.shape, facts.outputs)
        faults = [
            Fault(f"second_phase.{one.path}", one.problem) for one in phase.faults(parameters)
        ]
        if self.precision != "float64":
            problem = "a gradient is made to vanish in float64: set precision='float64'"
            faults.append(Fault("second_phase", problem))
        return faults

    def _stopping_faults(self, stopping: EarlyStopping, classification: bool) -> list[Fault]:
        faults = []
        if self.data.validation == 0 and stopping.metric != "train/loss":
            problem = "needs a validation split: set data.validation to a number of examples"
            faults.append(Fault("early_stopping", problem))
        if self.evaluate == "end":
            problem = "never stops anything with evaluate='end'; evaluate every so many epochs"
            faults.append(Fault("early_stopping", problem))
        if stopping.metric == "validation/accuracy" and not classification:
            problem = f"got {stopping.metric!r}; without classes only losses are measured"
            faults.append(Fault("early_stopping.metric", problem))
        return faults

    def evaluation_due(self, epoch: int) -> bool:
        """Whether the splits are measured at the end of this epoch (0 is before training)."""
        if self.evaluate == "end":
            return epoch == self.epochs
        return epoch % self.evaluate == 0 or epoch == self.epochs

    @property
    def predecessor(self) -> "Recipe | None":
        """What is trained before this, where training goes on from another network."""
        if self.warm_start is None:
            return None
        evaluate = "end" if self.early_stopping is None else self.evaluate
        size = self.warm_start.batch_size
        change = {"batch_size": size, "warm_start": None, "evaluate": evaluate}
        return self.model_copy(update=change)

    @property
    def train_examples(self) -> int:
        """How many examples are trained on: those that are not held out for validation."""
        return self.data.facts().train - self.data.validation

    @property
    def batch(self) -> int:
        """The batch size in effect: no more than all training examples."""
        return min(self.batch_size, self.train_examples)

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps per epoch; the last batch may be smaller."""
        return -(-self.train_examples // self.batch)

    @property
    def epochs_per_feed(self) -> int:
        """How many epochs one feed of the compiled program covers at most.

        One where the splits are measured after each; where epochs are short, so many that their
        orders take a quarter of a megabyte.
        """
        between = self.epochs if self.evaluate == "end" else min(self.evaluate, self.epochs)
        rows = 1 if self.steps_per_epoch == 1 else self.train_examples
        return max(1, min(between, FEED_POSITIONS // rows, LONGEST_FEED))
