"""What a lab keeps: runs with their measurements, studies, and who is writing to it now."""

from paribus.store.catalogue import Catalogue
from paribus.store.hold import hold
from paribus.store.lab import Lab, SharedLab, find_lab, folder_of
from paribus.store.records import (
    Driver,
    Measurement,
    Member,
    Registration,
    Status,
    StoredRun,
    StudyEntry,
)

__all__ = [
    "Catalogue",
    "Driver",
    "Lab",
    "Measurement",
    "Member",
    "Registration",
    "SharedLab",
    "Status",
    "StoredRun",
    "StudyEntry",
    "find_lab",
    "folder_of",
    "hold",
]
