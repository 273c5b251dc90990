"""The role of a data set's declaration: say what it is without reading it, find it, load it."""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, Strict, model_validator

from paribus.data.dataset import Dataset, Facts
from paribus.errors import DeclarationError, Fault
from paribus.spec import Number, Spec, Whole

State = Literal["embedded", "verified", "local copy", "own files", "own arrays", "absent"]


@dataclass(frozen=True)
class Source:
    """Where files are looked for: a folder given by the user, else the user's own cache.

    With `folder` set nothing is downloaded; without it, missing files are fetched into `cache`,
    by default the folder that the operating system has for such.
    """

    folder: Path | None = None
    cache: Path | None = None


@dataclass(frozen=True)
class Location:
    """Where a data set's bytes are and whether they are the official ones.

    A local copy is of files that are published, or passed on, by others; a user's own files are
    no copy of anything. `bytes` is their size on disk (0 where absent or embedded), `fingerprint`
    a content hash; where absent, that of the official files, which a download would bring.
    """

    state: State
    path: Path | None
    bytes: int
    fingerprint: str


class Normalize(Spec):
    """Inputs divided by their largest possible value, then (x - mean) / std.

    One number for all channels, or one per channel. The default leaves inputs in [0, 1];
    mean 0.5 and std 0.5 give [-1, 1].
    """

    mean: tuple[Number, ...] = (0.0,)
    std: tuple[Annotated[float, Strict(), Field(gt=0, allow_inf_nan=False)], ...] = (1.0,)


LabelShare = Annotated[float, Strict(), Field(ge=0, le=1, allow_inf_nan=False)]


class DataSpec(Spec):
    """Declaration of a data set: which, how it is scaled, how much is held out for validation.

    `random_labels` is the share of the labels trained on that are drawn at random from all
    classes, once per replicate (`labels.py`); labels held out for validation and test ones stay.
    Data that nobody publishes says so in `PUBLISHED`: it is never downloaded.
    """

    PUBLISHED: ClassVar[bool] = True

    validation: Whole = 0
    normalization: Normalize = Normalize()
    random_labels: LabelShare = 0.0

    @model_validator(mode="after")
    def _fits_its_examples(self) -> Self:
        facts = self.facts()
        faults = []
        if self.validation >= facts.train:
            problem = f"there are {facts.train} training examples, and one must be left"
            faults.append(Fault("validation", f"got {self.validation}; {problem}"))
        if self.random_labels and not facts.classification:
            problem = "these data have no classes to draw labels from; allowed here: 0"
            faults.append(Fault("random_labels", f"got {self.random_labels}; {problem}"))
        channels = facts.shape[2] if len(facts.shape) == 3 else 1
        for name in ("mean", "std"):
            count = len(getattr(self.normalization, name))
            if count not in (1, channels):
                allowed = "1" if channels == 1 else f"1, or {channels} (one for each channel)"
                problem = f"got {count} numbers; allowed here: {allowed}"
                faults.append(Fault(f"normalization.{name}", problem))
        if faults:
            raise DeclarationError(type(self).__name__, faults)
        return self

    def bare(self) -> Self:
        """The declaration of what `load` reads: without what is done to it after loading."""
        plain = {"validation": 0, "normalization": Normalize(), "random_labels": 0.0}
        return self.model_copy(update=plain)

    @abstractmethod
    def facts(self) -> Facts:
        """Sizes and shapes, known without reading any file."""

    @abstractmethod
    def locate(self, source: Source) -> Location:
        """Where the data is; checks checksums; never downloads."""

    @abstractmethod
    def load(self, source: Source) -> Dataset:
        """The data in memory; downloads where `source` allows it.

        Raises `MissingDataError` naming each file and where to put it, `DamagedDataError` for a
        file whose bytes are wrong.
        """
