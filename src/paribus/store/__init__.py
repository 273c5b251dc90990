"""What a lab keeps: runs with their measurements, studies, and who is writing to it now."""

from paribus.store.catalogue import Catalogue
from paribus.store.hold import hold
from paribus.store.records import Measurement, Member, Registration, Status, StoredRun, StudyEntry

__all__ = [
    "Catalogue",
    "Measurement",
    "Member",
    "Registration",
    "Status",
    "StoredRun",
    "StudyEntry",
    "hold",
]
