"""Where commands print: a console that shows what steers a terminal, and does not pass it on."""

from typing import Any

from rich.console import Console
from rich.text import Text

from paribus.outgoing import printable


class Screen(Console):
    """Rich's console, for texts that may come from anywhere: no markup, no colours of its own.

    Rich drops some control characters but passes on escape sequences, with which a label could
    write over what was printed before.
    """

    def __init__(self, *, stderr: bool = False, soft_wrap: bool = False) -> None:
        super().__init__(stderr=stderr, soft_wrap=soft_wrap, highlight=False, markup=False)

    # All strings that are printed come through here; `how` is Rich's own business.
    def render_str(self, text: str, **how: Any) -> Text:
        return super().render_str(printable(text), **how)
