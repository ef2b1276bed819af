"""Of which sweeps and choices numbers are, as the page says; nothing needs compiled code here."""

from __future__ import annotations

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
OTHER_CHOICES = (
    "These numbers are of other choices than the answer of the report: every sweep changes at the "
    "same time (adoption 100 %) and waits until it is cancelled or trading ends (lifetime close)."
)
