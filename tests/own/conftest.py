"""The command line of the tests of parts of one's own."""

from cli.conftest import paribus

__all__ = ["paribus"]
