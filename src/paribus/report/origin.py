"""Where the numbers come from: examples, time spent, software, machine and data."""

from collections.abc import Mapping

from paribus.report.quantities import duration
from paribus.report.recipe import Term
from paribus.results.provenance import origins
from paribus.results.tidy import SECONDS, StudyResults

_PHASES = {
    "compile": "Compiling",
    "train": "Training",
    "evaluate": "Evaluating",
    "probe": "Probes",
}


def origin_terms(results: StudyResults) -> list[Term]:
    """Versions, device, data and dates; each with all the values that occur among the runs."""
    runs = results.provenance.values()
    dates = sorted(
        facts[name] for facts in runs for name in ("started", "finished") if name in facts
    )
    terms = [Term(one.title, " | ".join(one.values)) for one in origins(runs) if one.values]
    return [*terms, Term("Trained", f"{dates[0]} to {dates[-1]}")] if dates else terms


def differing(results: StudyResults) -> list[str]:
    """What is not the same for all runs: mixing machines or versions is to be seen."""
    return [one.title for one in origins(results.provenance.values()) if len(one.values) > 1]


def time_terms(results: StudyResults) -> list[Term]:
    """Seconds by phase, summed over runs and per run, and how many steps they took."""
    runs = results.runs.drop_duplicates("key")  # one run may stand for several labels
    count = len(runs)
    terms = []
    for phase in SECONDS:
        spent = runs[f"{phase}_seconds"].dropna().to_numpy()
        if len(spent):
            mean = f"{duration(float(spent.mean()))} per run (mean of {len(spent)} runs)"
            terms.append(Term(_PHASES[phase], f"{duration(float(spent.sum()))} in all, {mean}"))
    steps = runs["model_steps"].dropna().to_numpy()
    if len(steps):
        terms.append(Term("Optimizer steps", f"{int(steps.sum()):,} in all, over {count} runs"))
    return terms


def example_counts(results: StudyResults) -> str:
    """Sizes of the splits in words: "train 1,197, validation 300, test 300 examples"."""
    found = [dict(facts.get("examples", {})) for facts in results.provenance.values()]
    parts = []
    for split in ("train", "validation", "test"):
        sizes = sorted({int(examples[split]) for examples in found if examples.get(split)})
        if sizes:
            parts.append(f"{split} {' or '.join(f'{size:,}' for size in sizes)}")
    return f"{', '.join(parts)} examples" if parts else "not recorded"


def repeated_examples(results: StudyResults) -> str:
    """What the data holds more than once, as far as that was looked for; "" where it was not."""
    known: Mapping[str, str] = results.document.get("leaks", {})
    return "; ".join(notice or "none" for notice in known.values())
