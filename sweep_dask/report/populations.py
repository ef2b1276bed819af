"""Of which sweeps numbers are, as the page says; nothing needs compiled code here."""

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
