"""The built-in studies, by report."""

from paribus.studies import activations, fashion_architectures, loss_equivalence

ALL = (activations.STUDY, fashion_architectures.STUDY, loss_equivalence.STUDY)

__all__ = ["ALL"]
