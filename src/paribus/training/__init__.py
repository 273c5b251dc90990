"""Training one run: its recipe, its compiled programs, its loop."""

from paribus.training.recipe import EarlyStopping, Recipe

__all__ = ["EarlyStopping", "Recipe"]
