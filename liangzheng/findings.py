"""What the doctor says: one finding for each thing looked at, and how much it matters."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTICE = "notice"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: its grade, what it means, and what to do (empty when there is nothing to do)."""

    subject: str
    grade: Grade
    meaning: str
    remedy: str = ""
