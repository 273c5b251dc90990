"""How a disturbed study is finished: by the same command, or within this process in less time."""

import json
import traceback
from collections.abc import Callable

from faults.command import Ended, Site
from paribus.cli.arguments import find_study
from paribus.cli.display import outcome_row
from paribus.data.base import Source
from paribus.errors import ParibusError
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan

Finish = Callable[[Site], Ended]


def by_command(site: Site) -> Ended:
    """The same command once more, without the fault."""
    return site.begin().ended()


def inside(site: Site) -> Ended:
    """What the command does, but for its start and its report, which take most of its time."""
    try:
        plan = make_plan(find_study(str(site.study)).at(None), Source())
        outcome = run_plan(plan, RunOptions(lab=site.lab, source=Source(), cores=2))
    except ParibusError as error:
        return Ended(2, "", f"error: {error}")
    except Exception:  # as the interpreter would tell it of a command
        return Ended(1, "", traceback.format_exc())
    said = json.dumps(outcome_row(outcome, None))
    return Ended(1 if outcome.failures else 0, said, "; ".join(outcome.failures.values()))
