"""The populations of sweeps as the page calls them; nothing here needs compiled code."""

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
