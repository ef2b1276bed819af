"""The arms of every comparison: what really happened, and each simulation of the same sweeps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: The model of the arm that says what really happened.
TAPE = "tape"
TIME_PRIORITY = "time-priority"
CENTRE_POINT = "centre-point"
#: The matching models, all of which are run by default.
MODELS = (TIME_PRIORITY, CENTRE_POINT)


class DarkRest(Enum):
    """Where what is left of a sweep after its arrival rests in the dark."""

    AS_RECORDED = "as recorded"
    AT_LIMIT = "at its limit"
    HALF_TICK_BETTER = "at its limit improved by half a tick"


@dataclass(frozen=True)
class Scenario:
    """What the sweeps that adopt it do in the Centre Point model, and how it is told."""

    name: str
    heading: str
    had: str
    """Ends a sentence that begins with "What if they had"."""
    assumes: str
    dark_rest: DarkRest = DarkRest.AS_RECORDED
    takes_lit: bool = True
    """Where they come in, or are amended, they take what they reach in the lit book."""
    rests_lit: bool = True
    """What is left of them rests there."""

    def __post_init__(self) -> None:
        acts_as_recorded = self.dark_rest is DarkRest.AS_RECORDED
        assert not acts_as_recorded or (self.takes_lit and self.rests_lit), "lit and dark alike"


AS_ENTERED, DUAL_POST, REST_DARK, DARK_ONLY = "as-entered", "dual-post", "rest-dark", "dark-only"

#: Every scenario in the order in which they are run and shown; the first changes nothing.
_SCENARIOS = (
    Scenario(
        AS_ENTERED,
        "As entered",
        "done what they did",
        "Sweeps act as recorded: they search the dark book on arrival and their remainder rests in "
        "the lit book, and in the dark only if they asked for it. This is the free replay.",
    ),
    Scenario(
        DUAL_POST,
        "Dual post",
        "also rested what was left of them in the dark",
        "What is left of a sweep after its arrival also rests in the dark, at its limit improved "
        "by half a tick (rule R23), so that it may trade there half a tick beyond the limit; its "
        "recorded lit fills stay possible.",
        DarkRest.HALF_TICK_BETTER,
    ),
    Scenario(
        REST_DARK,
        "Rest dark",
        "rested what was left of them only in the dark",
        "What is left of a sweep after its arrival rests in the dark at its limit instead of in "
        "the lit book, until it is cancelled on record or continuous trading ends. Lit fills as "
        "the incoming order, on arrival or after an amendment, stay.",
        DarkRest.AT_LIMIT,
        rests_lit=False,
    ),
    Scenario(
        DARK_ONLY,
        "Dark only",
        "never taken from the lit book and looked only in the dark",
        "A sweep never takes from the lit book; all of it looks for contras in the dark.",
        DarkRest.AT_LIMIT,
        takes_lit=False,
        rests_lit=False,
    ),
)
SCENARIOS = {scenario.name: scenario for scenario in _SCENARIOS}


#: What every scenario assumes of the rest of the market.
ASSUMPTIONS = (
    "All other participants act as recorded: nobody reacts to fills that did not really happen.",
    (
        "A recorded lit fill shrinks to what is left of the sweep; what that frees in the lit book "
        "is given to nobody."
    ),
    "Quotes are those recorded, whatever the sweeps do.",
    (
        "Only sweeps with a limit that arrive in continuous trading are treated differently; "
        "sweeps entered before the opening or reloaded, and those without a price, act as recorded."
    ),
    "A recorded dark fill whose counterparty is not in the input counts as given.",
)


class Arm(NamedTuple):
    """One outcome of the same sweeps, as the columns `model` and `scenario` have it."""

    model: str
    scenario: str | None = None

    @property
    def name(self) -> str:
        """The scenario or, without one, the model."""
        return self.scenario or self.model

    @property
    def heading(self) -> str:
        """What it is called where there is room."""
        return SCENARIOS[self.scenario].heading if self.scenario else _HEADINGS[self.model]

    @property
    def had(self) -> str:
        """Ends a sentence that begins with "What if they had"."""
        return SCENARIOS[self.scenario].had if self.scenario else _HAD[self.model]


_HEADINGS = {TAPE: "Tape", TIME_PRIORITY: "Time priority"}
_HAD = {
    TAPE: "done what they did",
    TIME_PRIORITY: "met, for what they had left, every order of the other side that arrived, by "
    "time alone and whatever its limit",
}

REAL = Arm(TAPE)
#: Another model, which is not among the scenarios that an answer is about.
BY_TIME_PRIORITY = Arm(TIME_PRIORITY)
#: The recorded flow put through the book with nothing changed. Against it a scenario shows what the
#: change does, without the error that the book makes anyway.
REPLAYED = Arm(CENTRE_POINT, AS_ENTERED)

#: Every arm, in the order in which they are written and shown.
ARMS = (REAL, BY_TIME_PRIORITY, *(Arm(CENTRE_POINT, name) for name in SCENARIOS))


def arms_of(models: Iterable[str], scenarios: Iterable[str]) -> list[Arm]:
    """The arms of a run with these models and scenarios, in the order of `ARMS`."""
    chosen = {TAPE, *models, *(scenarios if CENTRE_POINT in models else ())} - {CENTRE_POINT}
    return [arm for arm in ARMS if arm.name in chosen]


def comparisons_of(arms: Sequence[Arm]) -> list[tuple[Arm, Arm]]:
    """Pairs of a reference and a simulation: all against the tape, scenarios against the replay."""
    simulated = [arm for arm in arms if arm != REAL]
    pairs = [(REAL, arm) for arm in simulated]
    if REPLAYED in arms:
        changed = [arm for arm in simulated if arm.scenario and arm != REPLAYED]
        pairs += [(REPLAYED, arm) for arm in changed]
    return pairs
