"""Columns of our own files, and the record of any column by its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.terms.columns import Described, described
from sweep_dask.terms.columns.extracts import NINE, OTHER, ROWS
from sweep_dask.terms.deal_sources import DARK, NAMES
from sweep_dask.terms.files import (
    MATCHES,
    ORDER_SUMMARY,
    REPLAY_MATCHES,
    SENSITIVITY,
    SWEEP_FILLS,
)
from sweep_dask.terms.metrics import COLUMNS, COST_PARTS, HEADLINE

if TYPE_CHECKING:
    from collections.abc import Mapping


_DEAL_SOURCES = ", ".join(f"{number} {NAMES[number]}" for number in DARK)

OURS = described(
    f"""
    date | | trading date
    security | | order book id
    model | | `tape`, `time-priority` or `centre-point`
    scenario | | of the Centre Point model; missing in other arms
    order_id | | order number
    side | | `buy` or `sell`
    participant | | participant id; missing: not known
    timestamp | ns UTC | of the event that caused the match, or of the fill
    buy_order_id | | order that bought
    sell_order_id | | order that sold
    price_x2 | 0.05 cent | price of the match, doubled
    deal_source | | {_DEAL_SOURCES}; of a lit fill: that of the tape
    aggressor | | the incoming side: 1 buy, 2 sell, 0 if both orders rested
    trigger | | `arrival`, `amend`, or `nbbo`: the quote moved, or trading resumed
    mode | | of the replay: `resync` or `free`
    limit_x2 | 0.05 cent | limit as entered, doubled; 0: without a price
    is_affected | | the scenario may treat it differently: new, with a limit, in continuous trading
    dark_arrival_quantity | shares | filled in the dark on arrival
    dark_resting_quantity | shares | filled in the dark later
    lit_arrival_quantity | shares | filled in the lit book on arrival: as recorded, or what was left
    lit_resting_quantity | shares | filled in the lit book later: as recorded, or what was left
    dark_value_x2 | shares × 0.05 cent | of the fills in the dark: quantity times doubled price
    lit_value_x2 | shares × 0.05 cent | of the fills in the lit book
    first_fill_ns | ns UTC | its first fill; missing without one
    last_fill_ns | ns UTC | its last fill; missing without one
    unfilled_reason | | why the rest did not fill; empty: nothing is left, or nothing says why
    real_filled_quantity | shares | filled on the tape
    real_dark_quantity | shares | of these, in the dark
    real_lit_quantity | shares | of these, in the lit book
    real_dark_value_x2 | shares × 0.05 cent | of its dark fills on the tape
    real_lit_value_x2 | shares × 0.05 cent | of its lit fills on the tape
    real_fill_count | | number of its fills on the tape
    real_first_fill_ns | ns UTC | its first fill on the tape
    real_last_fill_ns | ns UTC | its last fill on the tape
    venue | | `dark` or `lit`
    recorded_quantity | shares | of a lit fill on the tape, which may have shrunk; 0 of a dark one
    contra_order_id | | the order met in the dark; missing where the book was given the fill
    event | | what made orders meet: `arrival`, `amendment`, `resting`; `all` of the fills
    sequence | | of the row that shows it
    left_out_reason | | why the order takes no part in the book
    is_continuous | | arrived within continuous trading
    has_residual | | its real fills at the instant of entry left some of its quantity
    is_short_sell | | its order type has the bit of a short sell
    real_outcome | | what really became of it: `unfilled`, `partly_filled`, `filled`
    size_class | | `Small` up to 500 shares, `Medium` up to 2,000, `Large`
    hour | | of arrival, in Sydney
    spread_class | ticks | spread on arrival; missing: no midpoint
    marketability | | its limit against the quote on arrival; missing: no midpoint
    parent_id | | order number of the first sweep of the chain that it is in
    added_quantity | shares | that it adds to what its parent wants
    price_part_aud | AUD | of the difference to the tape in arrival cost: prices of fills
    quantity_part_aud | AUD | of that difference: more or fewer shares
    time_part_aud | AUD | of that difference: fills at another time
    lifetime | | how long sweeps that change wait
    adoption | share | of the sweeps, that change together
    switch | | the assumption put the other way; empty: none
    n_sweeps | | number of sweeps
    n_affected | | of these, the scenario may treat them differently
    n_unmarked | | left out for want of a midpoint
    among_adopters_quantity | shares | filled against another sweep that changes
    contra_quantity | shares | of the dark fills, given by known participants; 0 on the tape
    paper_value_aud | AUD | midpoint on arrival × quantity, sum
    filled_paper_value_aud | AUD | midpoint on arrival × filled quantity, sum
    shortfall_paper_value_aud | AUD | `paper_value_aud` of sweeps that have a shortfall
    population | | `all`, `continuous` or `residual`
    reference | | the arm compared with: `tape` or `as-entered`
    dimension | | what sweeps are told apart by
    segment | | of the dimension
    metric | | name of the metric
    condition | | `all` sweeps, or those `engaged`: with a dark fill in either arm
    n_unfilled | | sweeps of which nothing filled
    n_partly_filled | | sweeps of which a part filled
    n_filled | | sweeps of which all filled
    n_engaged | | sweeps with a dark fill
    n_priced | | sweeps with a midpoint on arrival
    n_parts | | sweeps with all parts of the difference in arrival cost
    n_parents | | sweeps that re-enter no other
    tolerance | | largest difference that agrees; unit of the metric
    n_pairs | | sweeps with a value in both arms
    n_agree | | of the pairs, no larger difference than the tolerance
    n_better | | of the pairs, the simulation is better for the order
    n_worse | | of the pairs, the simulation is worse for the order
    n_other | | of the pairs, different, and neither is better
    n_reference | | sweeps with a value in the reference
    n_simulated | | sweeps with a value in the simulation
    n_reference_only | | sweeps with a value in the reference only
    n_simulated_only | | sweeps with a value in the simulation only
    mean_reference | | of the reference; unit of the metric
    mean_simulated | | of the simulation; unit of the metric
    paired_mean_reference | | of the reference, over the pairs; unit of the metric
    paired_mean_simulated | | of the simulation, over the pairs; unit of the metric
    mean_difference | | simulation minus reference, over the pairs; unit of the metric
    std_difference | | of single differences, with n − 1; unit of the metric
    cohen_d_z | | mean difference over the standard deviation of differences
    n_clusters | | security-days or other clusters
    effective_clusters | | as many clusters of one size say as much
    standard_error | | of the mean difference, by clusters; unit of the metric
    low | | lower bound of the 95 % interval; unit of the metric
    high | | upper bound of the 95 % interval; unit of the metric
    t_statistic | | mean difference over its standard error
    p_value | | two-sided
    p_holm | | `p_value` adjusted over its family by Holm
    p_benjamini_hochberg | | `p_value` adjusted for the false discovery rate
    n_clusters_above | | clusters with a mean difference above 0
    n_clusters_below | | clusters with a mean difference below 0
    sign_p_value | | of a two-sided sign test over clusters
    no_test_reason | | why there is no test; empty: there is
    n_values | | sweeps with a value
    percent | % | of the values lie below `value`
    value | | a quantile; unit of the metric
    difference | shares | simulation minus tape
    largest_participant | | who entered most shares, of equals the smallest id; missing: not known
    largest_participant_share | share | of all shares entered, by this participant
    largest_participant_quantity | shares | entered by this participant
    largest_participant_sweeps | | sweeps of this participant
    largest_five_contras_share | share | of the dark fills, given by the five who gave most
    weight | | `sweep`: each counts alike; `value`: by worth; `aud`: all in dollars
    interval | | clusters it goes by: `security-day` and what is taken with it
    unit | | of effect, interval and bounds
    effect | | scenario minus reference; see `unit`
    least | | lower bound of the effect with and without each switch; see `unit`
    most | | upper bound of it; see `unit`
    verdict | | `better`, `worse` or `not decided`
    turned_by | | what speaks against a verdict; empty: it is decided
    smallest | | effect over all choices in that unit, least
    largest | | effect over all choices in that unit, most
    """
)

#: Metrics in words; docs/metrics.md has their formulas.
_WORDS = described(
    """
    arrival_ns | | when it was entered
    end_ns | | until when it is measured
    working | | from arrival until it is measured
    quantity | | what could be filled: entered, and all recorded increases
    filled_quantity | | filled until it is measured
    unfilled_quantity | | what is left
    dark_quantity | | of the filled, in the dark
    arrival_filled_quantity | | filled at the instant of arrival
    fill_ratio | | filled of what could be
    outcome | | `unfilled`, `partly_filled` or `filled`
    arrival_midpoint | | of the national quote on arrival
    arrival_spread | | offer minus bid on arrival
    arrival_spread_ticks | | from bid to offer on arrival
    filled_value_x2 | | filled quantity times doubled price, exact
    vwap | | mean price of its fills, weighted by shares
    limit_improvement | | what the fills are better than the limit
    midpoint_improvement | | what the fills are better than the midpoint on arrival
    far_touch_improvement | | what the fills are better than the other side's best on arrival
    arrival_cost | | of the filled shares against the midpoint on arrival, with fees; + is a cost
    opportunity_cost | | of the unfilled shares: midpoint at the end, not at arrival; + is a cost
    implementation_shortfall | | arrival cost and opportunity cost; + is a cost
    completed_shortfall | | shortfall with clean-up: the rest traded in the lit book; + is a cost
    slippage | | how far the midpoint moved from arrival to the fills; + is a cost
    effective_spread | | twice what a fill is worse than the midpoint at its time; + is a cost
    realised_spread_1s | | twice what a fill is worse than the midpoint 1 s later; + is a cost
    realised_spread_10s | | twice what a fill is worse than the midpoint 10 s later; + is a cost
    realised_spread_60s | | twice what a fill is worse than the midpoint 60 s later; + is a cost
    time_to_first_fill | | from arrival to the first fill
    time_to_last_fill | | from arrival to the last fill
    mean_time_to_fill | | from arrival to the fills, weighted by shares
    market_drift | | how far the midpoint moved from arrival to the end; + is against the order
    working_spread | | national spread while it worked, weighted by time
    """
)
_UNITS = {"price": "0.1 cent", "shares × doubled price": "shares × 0.05 cent"}


def _of_metrics() -> dict[str, Described]:
    """Of every column of a metric, alone and added up over sweeps."""
    found: dict[str, Described] = {}
    for name, column in COLUMNS.items():
        words = _WORDS.get(column.metric.name)
        meaning = words.meaning if words else column.metric.formula
        unit = _UNITS.get(column.unit, column.unit)
        found[name] = Described(unit, meaning)
        found[f"{name}_sum"] = Described(unit, f"{meaning}: sum over sweeps")
    for name in HEADLINE:
        unit, meaning = found[name]
        found[f"{name}_n"] = Described("", f"sweeps that have {name}")
        found[f"{name}_mean"] = Described(unit, f"{meaning}: mean over sweeps")
        for part in (25, 50, 75):
            quantile = f"{meaning}: quantile of {part} %, within 0.4 %"
            found[f"{name}_p{part}"] = Described(unit, quantile)
    return found


OURS = _of_metrics() | OURS


_IN_TABLES = "centre_point_"
_OF_FILL = described("quantity | shares | of the fill")
_OF_ARM = described("scenario | | `tape`, or the scenario of the Centre Point model")
_OF_PARTICIPANT = described(
    "contra_quantity | shares | given to sweeps in the dark by orders of this participant"
)
#: Fills of the market in which all sweeps change and wait to the close, which is not measured.
_OF_ORDER = described(
    """
    filled_quantity | shares | filled until it is cancelled or trading ends
    unfilled_quantity | shares | left then
    fill_count | | number of fills until then
    unfilled_reason | | why the rest did not fill until then; empty: nothing is left
    """
)
_OF_EFFECT = described(
    """
    low | | lower bound of the 95 % interval; see `unit`
    high | | upper bound of the 95 % interval; see `unit`
    """
)
#: Columns of a sweep that are added up under the same name where a row is of many sweeps.
_ADDED_UP = {*COLUMNS, *COST_PARTS, "added_quantity"}
#: Files with names of their own: of the extracts, of the earlier pipeline, and of the contract.
_OWN: Mapping[str, Mapping[str, Described]] = {
    **ROWS,
    **NINE,
    **dict.fromkeys((MATCHES, REPLAY_MATCHES, SWEEP_FILLS), _OF_FILL),
    "by_choice": _OF_ARM,
    SENSITIVITY: {**_OF_ARM, **_OF_PARTICIPANT},
    **dict.fromkeys(("robustness", "verdicts"), _OF_EFFECT),
    ORDER_SUMMARY: _OF_ORDER,
    "rejects": described(
        """
        file | | below the input folder
        line | | in the file, from 1, which is the header
        byte_offset | bytes | where the line begins in the (uncompressed) text
        column | | the one that cannot be read; missing: it is the whole line
        reason | | why it cannot be read
        raw | | the line, cut at 1,000 characters
        """
    ),
    "summaries": described(
        """
        kind | | what is summed
        place | | which sum
        segment | | of which segment
        counts | | whole numbers
        sums | 2⁻⁶⁴ | amounts, as whole numbers
        """
    ),
}
OF_EXTRACT = frozenset(("session", "reference", "participants"))


def column_of(file: str, name: str) -> Described:
    """What a column of a file is.

    Parameters
    ----------
    file
        Its stem, or the name of a combined table.

    Raises
    ------
    KeyError
        Nothing is known of it.
    """
    file = file.removeprefix(_IN_TABLES)
    own = _OWN.get(file, {})
    if name in own:
        return own[name]
    if file in OF_EXTRACT:
        return Described("", OTHER)
    column = OURS[name]
    if name in _ADDED_UP and (file == SENSITIVITY or file.startswith("by_")):
        return column._replace(meaning=f"{column.meaning}: sum over sweeps")
    return column
