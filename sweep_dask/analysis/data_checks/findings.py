"""What a check of the input found."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTE, WARNING, CONTRADICTION = "note", "warning", "contradiction"

#: The gravest first.
SEVERITIES = (CONTRADICTION, WARNING, NOTE)


@dataclass(frozen=True)
class Finding:
    """One thing about the input that a reader of the results has to know."""

    check: str
    """What was looked at, such as `price_unit`."""
    severity: str
    """`note`; `warning`, the answer may suffer; `contradiction`, the answer would be wrong."""
    found: str
    expected: str
    cure: str
    where: str = ""
    """Table or file."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """The numbers behind it."""

    def as_json(self) -> dict[str, Any]:
        """As in the manifest."""
        return asdict(self)


def by_severity(findings: list[Finding]) -> list[Finding]:
    """The gravest first, otherwise in the order in which they were made."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def share(part: int, whole: int) -> str:
    """A share in words for people; never 0 % or 100 % of what is not none or all."""
    percent = 100 * part / max(whole, 1)
    shown = f"{percent:.1f}".removesuffix(".0")
    if shown == "100" and part < whole:
        shown = "99.9"
    if shown == "0" and part:
        shown = "0.1"
    return f"{shown} %"
