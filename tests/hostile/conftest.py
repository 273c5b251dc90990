"""The browser of the tests of pages."""

from browser.conftest import browser

__all__ = ["browser"]
