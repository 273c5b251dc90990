"""The conditions of a study to claim something of: two activations, three depths."""

from paribus.design.factor import Factor
from paribus.design.grid import conditions

ACTIVATION = Factor("model.activation", ["relu", "tanh"])
DEPTH = Factor("model.depth", ["10", "2", "1"])


def labels(*factors, design="factorial"):
    """The labels of every condition."""
    return [condition.labels for condition in conditions(factors, design)]


STUDY = labels(ACTIVATION, DEPTH)


def short(links):
    """Links with each condition as its labels, for reading."""
    return [" ".join("-".join(one.values()) for one in link) for link in links]
