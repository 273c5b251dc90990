"""The commands of the program: importing a module of this package adds its commands to it."""

from paribus.cli.commands import declare, read, tend  # in the order of `--help`
from paribus.cli.commands.base import app

__all__ = ["app", "declare", "read", "tend"]
