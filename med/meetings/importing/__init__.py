"""Meetings from other systems' archives."""

from med.meetings.importing.reading import Faults, read_folder
from med.meetings.importing.saving import Archive, each_in_its_own, take_in

__all__ = ["Archive", "Faults", "each_in_its_own", "read_folder", "take_in"]
