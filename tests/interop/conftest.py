"""The command line of the tests of what it hands to other tools."""

from cli.conftest import paribus

__all__ = ["paribus"]
