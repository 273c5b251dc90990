"""The identity of a user's own code: which function it is, and a digest of what it computes.

A run is known by everything that defines it, so a function that takes part in it is known by more
than its name. The digest is of the function's source (without comments, docstrings, annotations
of arguments, and layout), its defaults and closure values, and of what its code refers to by
global name: the user's own functions and classes in the same way, plain constants by value, and
what belongs to an installed distribution by that distribution's name and version. It is not of
the file around it: a study file may change in everything else.
"""

from paribus.functions.function import Function, OwnFunction, as_function, or_own, version

__all__ = ["Function", "OwnFunction", "as_function", "or_own", "version"]
