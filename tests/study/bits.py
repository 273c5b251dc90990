"""What a lab holds of its runs, as bytes: two labs that hold the same runs are equal here."""

from paribus.store import Catalogue


def bits(lab):
    """Weights, which test examples are right, and every measurement, of each run by key."""
    with Catalogue.open(lab, create=False) as catalogue:
        keys = {member.key for entry in catalogue.studies() for member in entry.members}
        stored = {run.key: catalogue.run(run.key) for run in catalogue.summaries(sorted(keys))}
    return {
        key: (
            dict(run.artifacts),
            {(one.name, one.probe): (one.dims, one.values.tobytes()) for one in run.measurements},
        )
        for key, run in stored.items()
    }
