"""A run as one PyTorch script, with all that it needs in files beside it."""

from paribus.interop.eject.folder import eject

__all__ = ["eject"]
