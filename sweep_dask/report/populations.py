"""Of which sweeps and choices numbers are, as the page says; nothing needs compiled code here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The population that a run answers for, within and around it the other two.
ANSWERED = "continuous"
POPULATIONS = {
    "all": "All sweeps",
    "continuous": "Entered in continuous trading",
    "residual": "of these, something left after the entry",
}
#: The one that only the tape can tell.
OF_TAPE = "residual"
#: Of tables of single sweeps, and all that is made of them.
_OTHER_CHOICES = (
    "These numbers are of other choices than the answer of the report: {} at the same time "
    "(adoption 100 %), and a sweep waits until it is cancelled or trading ends (lifetime close)."
)


def other_choices(settings: Mapping[str, Any]) -> str:
    """The same in a sentence; settings as a manifest has them."""
    participant = settings.get("adoption_participant", {}).get("value")
    who = (
        "all sweeps change" if participant is None else f"those of participant {participant} change"
    )
    return _OTHER_CHOICES.format(who)
