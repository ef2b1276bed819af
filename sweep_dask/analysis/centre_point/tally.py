"""Things on the tape, predicted, and both; counts that can be added over partitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class Tally:
    """Matches on the tape, predicted, and both."""

    tape: int = 0
    predicted: int = 0
    hits: int = 0

    def add(self, other: Tally) -> None:
        """Add the counts of another partition."""
        self.tape += other.tape
        self.predicted += other.predicted
        self.hits += other.hits

    def as_json(self) -> dict[str, Any]:
        """The counts and what follows from them."""
        return {"tape": self.tape, "predicted": self.predicted, "hits": self.hits} | self.shares()

    def shares(self) -> dict[str, float | None]:
        """Precision, recall and their harmonic mean; null where nothing is divided by."""
        return {
            "precision": share(self.hits, self.predicted),
            "recall": share(self.hits, self.tape),
            "f1": share(2 * self.hits, self.predicted + self.tape),
        }


def share(part: float, whole: float) -> float | None:
    """`part / whole`; None where there is no whole, as 0 would be a claim."""
    return part / whole if whole else None
