"""What a report shows of a study: its findings, and the exhibits that go with them and follow."""

from collections.abc import Sequence
from dataclasses import dataclass

from paribus.claims.findings import Finding, findings
from paribus.report.declared import exhibits
from paribus.report.exhibits import Exhibit
from paribus.report.figures import Figure
from paribus.report.forest import forest_plots
from paribus.report.matrix import all_pairs
from paribus.results.tidy import StudyResults


@dataclass(frozen=True)
class Contents:
    """Findings, the comparisons of conditions drawn of them, and all other exhibits."""

    found: Sequence[Finding] = ()
    comparisons: Sequence[Exhibit] = ()
    exhibits: Sequence[Exhibit] = ()

    @property
    def figures(self) -> list[Figure]:
        """Everything that is drawn, in the order of the report."""
        shown = (*self.comparisons, *self.exhibits)
        return [one for one in shown if isinstance(one, Figure)]


def contents(results: StudyResults, found: Sequence[Finding] | None = None) -> Contents:
    """All that a report of a study shows, from its stored results alone.

    `found` is `findings(results)`, made here where not given.
    """
    found = findings(results) if found is None else found
    forest = forest_plots(found, results.document["primary"])
    return Contents(found, (*forest, *all_pairs(results)), exhibits(results))
