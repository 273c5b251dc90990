"""What training minimizes, and what is measured of the result."""

from paribus.objectives.penalties import Penalties

__all__ = ["Penalties"]
