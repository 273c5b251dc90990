"""A lab with studies that look like real ones, in what becomes of their claims too."""

from dataclasses import replace

from paribus.claims import Above, Better, Equal
from paribus.store.records import Member
from results.example_studies import ACTIVATIONS, activation_runs, entry

LABELS = [{"activation": label} for label in ACTIVATIONS["labels"]]
CLAIMS = (
    Better("test/accuracy", "relu", "sigmoid"),
    Better("test/accuracy", "sigmoid", "gelu"),
    Equal("test/accuracy", "gelu", "relu", margin=0.001),
    Above("test/accuracy", 0.5),
)
OURS = Better("test/accuracy", "relu", "tanh", ours=True)


def claimed(*claims, registered=True):
    """Claims as a study's document has them."""
    return [
        one.as_json() | {"sentence": one.sentence(LABELS), "registered": registered}
        for one in claims
    ]


def study(name, replicates=5, claims=None, **document):
    """An entry of four activations, with runs of its own and, unless given, four claims."""
    claims = claimed(*CLAIMS) if claims is None else claims
    made = entry([ACTIVATIONS], replicates, name=name, claims=claims, **document)
    members = tuple(
        Member(f"{name}-{one.key}", one.condition, one.replicate) for one in made.members
    )
    return replace(made, name=name, members=members)


def fill(catalogue):
    """Four studies: two of report A, one of report B, one of none that has no run."""
    second = study("second", report="B", source="Report B: of activations.")
    first = study("first", claims=claimed(OURS, registered=False), report="A", source="Report A.")
    third = study("third", replicates=1, report="A", source="Report A.")
    for made in (second, first, third):
        catalogue.put_study(made)
        for run in activation_runs(made):
            catalogue.add_run(run)
    catalogue.put_study(study("waiting"))
    return catalogue
