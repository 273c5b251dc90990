"""What is varied, and in which combinations."""

from paribus.design.factor import Factor
from paribus.design.grid import Condition, conditions

__all__ = ["Condition", "Factor", "conditions"]
