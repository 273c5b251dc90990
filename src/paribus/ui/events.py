"""What an open page is told: small messages with only what has changed, as server-sent events."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field

from paribus.ui.follower import Follower
from paribus.ui.moments import Moment, Study
from paribus.ui.pages import row_id, status_html, study_row
from paribus.ui.shelf import Shelf

GONE = "This study is no longer in the lab."
ALIVE = ": \n\n"
"""What keeps a line open, and says nothing."""


@dataclass
class Teller:
    """The streams of events of a lab; what all of them say of a moment is made once."""

    follower: Follower
    shelf: Shelf
    _of: Moment | None = None
    _made: dict[str, str] = field(default_factory=dict)

    async def of_lab(self) -> AsyncIterator[str]:
        """The lines of the page of all studies that have changed, by id, and the lab's trouble."""
        known: dict[str, str] = {}
        trouble = ""
        async with aclosing(self.follower.moments(asking=True)) as moments:
            async for moment in moments:
                if moment is None:
                    yield ALIVE
                    continue
                rows = self._rows(moment)
                changed = {name: html for name, html in rows.items() if known.get(name) != html}
                gone = [] if moment.trouble else [name for name in known if name not in rows]
                if changed or gone or moment.trouble != trouble:
                    yield _event({"rows": changed, "gone": gone, "trouble": moment.trouble})
                known = known if moment.trouble else rows
                trouble = moment.trouble

    async def of_study(self, study: Study) -> AsyncIterator[str]:
        """How far a study is, which version of its page to show, and the lab's trouble."""
        known: dict[str, str] = {}
        async with aclosing(self.follower.moments(asking=False)) as moments:
            async for moment in moments:
                if moment is None:
                    yield ALIVE
                    continue
                said = self._said(study, moment)
                changed = {name: one for name, one in said.items() if known.get(name) != one}
                if changed:
                    yield _event(changed)
                known |= said

    def _rows(self, moment: Moment) -> dict[str, str]:
        if moment is not self._of:
            rows = moment.studies.items()
            self._made = {row_id(one): study_row(one, at, self.shelf) for one, at in rows}
            self._of = moment
        return self._made

    def _said(self, study: Study, moment: Moment) -> dict[str, str]:
        if moment.trouble:
            return {"trouble": moment.trouble}
        if study not in moment.studies:
            return {"trouble": GONE}
        progress = moment.studies[study]
        version = self.shelf.version(study, progress)
        return {"trouble": "", "status": status_html(progress), "version": version}


def _event(content: object) -> str:
    # JSON has no ends of lines, which would end the event.
    return f"data: {json.dumps(content)}\n\n"
