"""What a trainer of the user's own yields, and trainers that are ready to be used."""

from paribus.trainers.measured import Measured
from paribus.trainers.shell import shell
from paribus.trainers.stopping import stopping

__all__ = ["Measured", "shell", "stopping"]
