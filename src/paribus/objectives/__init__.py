"""What training minimizes, and what is measured of the result."""

from paribus.objectives.penalties import OwnPenalty, Penalties

__all__ = ["OwnPenalty", "Penalties"]
