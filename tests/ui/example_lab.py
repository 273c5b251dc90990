"""A lab with studies to show: finished, diverged, failed, waiting, and one with hostile names."""

from dataclasses import replace

from paribus.store.records import Member
from report.example_lab import claimed, fill
from results.example_studies import (
    RECIPE,
    classification,
    cut,
    entry,
    factor,
    stored,
)

SCRIPT = "<script>alert(1)</script>"


def hostile():
    """Labels, a factor, a question, a claim and a failure that are markup."""
    claims = claimed()
    made = entry(
        [factor(SCRIPT, [SCRIPT, "relu"], "model.activation")],
        2,
        name="hostile",
        question=f"{SCRIPT}?",
        description=f"\"'{SCRIPT}",
        claims=claims,
    )
    members = tuple(
        Member(f"hostile-{place}", one.condition, one.replicate)
        for place, one in enumerate(made.members)
    )
    return replace(made, name="hostile", members=members)


def fill_all(catalogue):
    """The studies of `fill`, and `hostile`, of which a run diverged and another failed."""
    fill(catalogue)
    made = hostile()
    catalogue.put_study(made)
    for seed, member in enumerate(made.members[:3]):
        measured = classification(0.95, 0.4, seed)
        changes = {"recipe": RECIPE | {"model": {"kind": "mlp", "activation": SCRIPT}}}
        if seed == 1:
            changes |= {"status": "diverged", "diverged_epoch": 7}
            measured = cut(measured, 6)
        catalogue.add_run(stored(member, measured, **(changes if seed < 2 else {})))
    catalogue.record_failure(made.members[3].key, f"ValueError: {SCRIPT}")
    return catalogue
