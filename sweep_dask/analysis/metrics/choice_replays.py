"""The replays of one partition under every choice that an answer depends on, and their sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.centre_point.choice_fills import (
    adopted_outcomes,
    real_outcome,
    switched_groups,
)
from sweep_dask.analysis.centre_point.choices import CLOSE, lifetime_of, lots
from sweep_dask.analysis.centre_point.sweep_outcomes import unfilled_reasons
from sweep_dask.analysis.metrics.choice_sums import NOT_KNOWN, ChoiceSums
from sweep_dask.analysis.metrics.partition_sweeps import fills_of_book
from sweep_dask.analysis.metrics.records import NO_FEES
from sweep_dask.analysis.metrics.sweep_table import Outcome
from sweep_dask.analysis.tables import sums_at, whole_numbers, whole_numbers_or
from sweep_dask.terms.arms import TAPE
from sweep_dask.terms.choices import Switch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sweep_dask.analysis.centre_point.choice_fills import AdoptedOutcome
    from sweep_dask.analysis.centre_point.choices import Case, Choices, Round
    from sweep_dask.analysis.centre_point.scenarios import Scenarios
    from sweep_dask.analysis.centre_point.sweep_outcomes import SweepFills
    from sweep_dask.analysis.metrics.partition_sweeps import PartitionSweeps
    from sweep_dask.analysis.metrics.records import Fees
    from sweep_dask.analysis.tables import IntArray


class UnderChoices(NamedTuple):
    """What the replays of one partition say."""

    sums: list[pa.Table]
    """Columns `choice_sums.SENSITIVITY_COLUMNS`, a table for each case; none without a tape, as
    what really filled is not known then."""
    answers: dict[str, Answer]
    """By scenario, what became of each sweep under the answer's own choice."""


class Answer(NamedTuple):
    """One scenario, each sweep in a replay in which it is one of those that change."""

    outcome: Outcome
    """With the fills that came too late to count."""
    fills: SweepFills
    """Those that count, in the order of time."""


def under_choices(
    scenarios: Scenarios,
    partition_sweeps: PartitionSweeps,
    choices: Choices,
    names: Iterable[str],
    fees: Fees = NO_FEES,
) -> UnderChoices:
    """Replay the scenarios of these names under every choice; the tape is summed beside them."""
    own = lifetime_of(choices.lifetime)
    may_change = choices.may_change(partition_sweeps.facts.participant)
    sums_of = {
        one.name: ChoiceSums(scenarios, partition_sweeps, one, may_change, fees)
        for one in choices.all_lifetimes()
    }
    has_tape = scenarios.partition.tape is not None
    under_all = UnderChoices([], {})
    if has_tape:
        real = real_outcome(scenarios)
        under_all.sums.extend(sums_of[one.lifetime].rows(one, real) for one in choices.cases(TAPE))
    for name in names:
        cases = choices.cases(name) if has_tape else []
        rows: dict[Case, pa.Table] = {}
        for one, outcomes in _replayed(scenarios, name, choices, sums_of, has_tape=has_tape):
            keys = set(one.keys(own))
            scale = one.adoption.groups / len(switched_groups(scenarios, one.adoption))
            for case in cases:
                if case[1:] not in keys:
                    continue
                sums = sums_of[case.lifetime]
                switched = outcomes[Switch(case.switch) if case.switch else None]
                if switched is not outcomes[None]:
                    rows[case] = sums.switched_rows(case, outcomes[None], switched, scale)
                else:
                    rows[case] = sums.rows(case, outcomes[None])
            if one.is_answer:
                until_ns = sums_of[choices.lifetime].until_ns
                under_all.answers[name] = _answer(
                    scenarios, partition_sweeps, outcomes[None], until_ns
                )
        under_all.sums.extend(rows[case] for case in cases)
    return under_all._replace(
        sums=_of_those_who_occur(under_all.sums, partition_sweeps.facts.participant)
    )


def _of_those_who_occur(tables: list[pa.Table], with_sweeps: IntArray) -> list[pa.Table]:
    """The same without participants who neither have sweeps nor met any, in all of them alike."""
    if not tables:
        return tables
    occurs = np.isin(whole_numbers_or(tables[0], "participant", NOT_KNOWN), with_sweeps)
    for one in tables:
        occurs |= whole_numbers(one, "contra_quantity") != 0
    return [one.filter(pa.array(occurs)) for one in tables]


def _replayed(
    scenarios: Scenarios,
    name: str,
    choices: Choices,
    sums_of: Mapping[str, ChoiceSums],
    *,
    has_tape: bool,
) -> Iterator[tuple[Round, dict[Switch | None, AdoptedOutcome]]]:
    """Rounds of replays, and what fills in each, by switch; without a tape only the answer's."""
    lot = lots(scenarios.partition.log.order_id, choices.adoption_seed)
    orders = scenarios.orders(name)
    flow, flow_waits = None, None
    for one in choices.rounds(name):
        if not (has_tape or one.is_answer):
            continue
        if flow is None or one.waits != flow_waits:
            until_ns = None if one.waits == CLOSE else sums_of[one.waits.name].until_ns
            flow, flow_waits = scenarios.flow(orders, until_ns), one.waits
        switches = one.switches if has_tape else ()
        yield one, adopted_outcomes(scenarios, flow, one.adoption, lot, switches)


def _answer(
    scenarios: Scenarios,
    partition_sweeps: PartitionSweeps,
    adopted: AdoptedOutcome,
    until_ns: IntArray,
) -> Answer:
    order, fills = scenarios.record.order, adopted.fills
    filled = sums_at(fills.order, fills.quantity, until_ns.size)[order]
    unfilled = np.maximum(partition_sweeps.sweeps.quantity - filled, 0)
    reasons = unfilled_reasons(unfilled, adopted.leaves[order], adopted.obstacle[order])
    outcome = Outcome(fills_of_book(scenarios.partition.log, fills), reasons)
    return Answer(outcome, adopted.fills_until(until_ns))
