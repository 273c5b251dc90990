"""Texts that try to be something else, and a lab in which every name is one of them."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from paribus.claims import Better
from paribus.store.catalogue import Catalogue
from paribus.store.records import Measurement, Member, StudyEntry
from results.example_studies import RECIPE, provenance, stored

SCRIPTS = (
    "</script><script>said.push(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "${7*7} %s %(x)d {0}",
)
PLACES = ("../../../outside", "/etc/outside", "..", "C:\\outside", "a\x00b", "~/outside")
ORDERS = ("'; DROP TABLE runs; --", "$(touch outside)", "`touch outside`", "-rf *", "a; b | c & d")
MARKS = (
    "[red]bold[/red] [link=http://x.example]x[/link]",
    "\x1b[2J\x1b]0;title\x07\x9b31m\rover",
    "\u202egnp.exe",
    "two\nlines\r\nthree",
    "a|b`c`[d](javascript:alert(1))",
    "\\input{/etc/passwd}$x$ & % # _ ^ ~",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(A1)",
    "\U0001f9d1\u200d\U0001f680",
    "x" * 10_000,
)
ALL = (*SCRIPTS, *PLACES, *ORDERS, *MARKS)
HALF = "\ud800half"
NAME, FACTOR, METRIC = "..<b>$(touch outside)", '../../<b>"factor"</b>', "test/accuracy"


def hostile_entry(labels: Iterable[str] = ALL, replicates: int = 2) -> StudyEntry:
    """A study as a lab may hold it that somebody else has made."""
    labels = list(labels)
    nasty = " ".join(ALL[:-1])
    claim = Better(METRIC, labels[0], labels[1], wording=nasty)
    document = {
        "name": NAME,
        "scale": "../../../outside",
        "question": nasty,
        "command": f"paribus run x --set {nasty}",
        "description": nasty,
        "source": nasty,
        "report": nasty,
        "notes": [*ALL, HALF],
        "factors": [
            {
                "name": FACTOR,
                "labels": labels,
                "sets": {label: {"model.activation": label, label: nasty} for label in labels},
            }
        ],
        "recipe": RECIPE | {"data": {"kind": nasty, nasty: nasty}},
        "replicates": replicates,
        "reported": {},
        "primary": METRIC,
        "claims": [claim.as_json() | {"sentence": nasty, "registered": True}],
        "leaks": {"0": nasty},
    }
    members = tuple(
        Member(f"{place}-{number}", {FACTOR: label}, number)
        for place, label in enumerate(labels)
        for number in range(replicates)
    )
    return StudyEntry(document["name"], document["scale"], document, members)


def hostile_runs(entry: StudyEntry):
    """Its runs: a few epochs each, and layers and classes with names that are no better."""
    epoch, layers = np.arange(3), np.array(ALL[:3])
    for number, member in enumerate(entry.members):
        values = 0.5 + 0.01 * epoch + 0.001 * number
        counts = np.full((3, 3), 4) + np.eye(3) * number
        classes = {"true": layers, "predicted": layers}
        norms = np.ones((3, 3)) + number
        measurements = [
            Measurement(METRIC, values, coords={"epoch": epoch}),
            Measurement("train/loss", 1 - values, coords={"epoch": epoch}),
            Measurement(
                "../<b>/norm", norms, ("epoch", "layer"), {"epoch": epoch, "layer": layers}
            ),
            Measurement("test/confusion", counts, ("true", "predicted"), classes),
        ]
        data = {"name": ALL[0], "state": ALL[1], "fingerprint": ALL[2]}
        facts = provenance(member.replicate, data=data, device=" ".join(ALL[:-1]))
        yield stored(member, measurements, provenance=facts)


def hostile_lab(folder, labels: Iterable[str] = ALL):
    """A lab in a folder that holds the study."""
    entry = hostile_entry(labels)
    with Catalogue.open(folder, create=True) as catalogue:
        catalogue.put_study(entry)
        for run in hostile_runs(entry):
            catalogue.add_run(run)
    return replace(entry)
