"""Sums under every choice, by hand; the quote is 3330 x 3340 until a test moves it."""

from __future__ import annotations

import cp_markets
import numpy as np
import pandas as pd
import pytest
from cp_rows import BUY, CLOSE_NS, DARK, DATE, LIT, RELOADED, SECURITY, SELL, Day
from cp_sweeps import MID_X2, sweep
from framed import read_sweeps, sweep_tables, to_frame

from sweep_dask.analysis.centre_point import choice_fills as engine
from sweep_dask.analysis.centre_point.choices import Case, Choices, Lifetime, lifetime_of
from sweep_dask.analysis.centre_point.scenarios import Scenarios
from sweep_dask.analysis.centre_point.sweep_outcomes import real_fills
from sweep_dask.analysis.metrics.choice_replays import under_choices
from sweep_dask.analysis.metrics.choice_sums import SENSITIVITY_COLUMNS
from sweep_dask.analysis.metrics.partition_sweeps import fills_of_book
from sweep_dask.analysis.metrics.records import NO_FEES, Fees
from sweep_dask.analysis.metrics.sweep_table import Outcome
from sweep_dask.analysis.rollups.sensitivity import cases_of
from sweep_dask.terms.arms import CENTRE_POINT, REAL, SCENARIOS, Arm
from sweep_dask.terms.choices import SWITCHES

TWO = Choices("close", 1, lifetimes=("recorded", "close"), adoption_shares=(), switches=())
#: What the sweep of `market_of_two` does if it waits to the close and changes.
WAITS, UNITS = ("rest-dark", "close", 1), ("bps_sum", "aud")
SOME_ARMS = [REAL, *(Arm(CENTRE_POINT, name) for name in SCENARIOS)]


def sensitivity(
    partition, quotes, choices=TWO, names=tuple(SCENARIOS), fees=NO_FEES, *, parts=False
):
    found = read_sweeps(partition, quotes, DATE, SECURITY)
    scenarios = Scenarios(partition, choices.may_change(partition.log.participant_of_order))
    tables = under_choices(scenarios, found, choices, names, fees).sums
    rows = pd.concat(map(to_frame, tables), ignore_index=True)
    return rows if parts else rows[rows["event"] == "all"]


def of_day(day, **arguments):
    """Rows of participants who have sweeps."""
    partition = day.partition()
    rows = sensitivity(partition, day.quotes, **arguments)
    of_sweeps = partition.log.participant[partition.log.is_sweep]
    return rows[rows["participant"].isin(of_sweeps)]


def market_of_two(*quotes):
    """Sweep 1 of 100 rests at 3340 and really fills lit at 250; dark sells come all the time."""
    day = sweep(Day(), 1, 200, BUY, 100, 3340, participantid=7).enter(2, 240, SELL, 10, 3330)
    day.trade(250, (1, 77, 100, 3340, LIT, SELL))
    day.enter(3, 300, SELL, 20, 3330).enter(4, 400, SELL, 30, 3330)
    for quote in quotes:
        day.quote(*quote)
    return day


def test_a_sweep_that_waits_and_one_that_leaves():
    rows = of_day(market_of_two()).set_index(["scenario", "lifetime", "adoption"])
    assert list(rows.reset_index()[list(SENSITIVITY_COLUMNS)]) == list(SENSITIVITY_COLUMNS)
    assert (rows["n_sweeps"] == 1).all()
    assert (rows["participant"] == 7).all()
    assert (rows["paper_value_aud"] == 333.5).all()
    # Half a spread of 5 is paid for each share in the lit book, or for each that is left.
    tape = rows.loc["tape", "recorded", 0]
    waits, leaves = (rows.loc["rest-dark", lifetime, 1] for lifetime in ("close", "recorded"))
    assert (tape.filled_quantity, tape.implementation_shortfall_aud) == (100, 0.5)
    assert tape.completed_shortfall_bps_sum == pytest.approx(10_000 * 500 / 333_500)
    assert (waits.filled_quantity, waits.dark_quantity) == (60, 60)
    assert (waits.implementation_shortfall_aud, waits.completed_shortfall_aud) == (0, 0.2)
    assert (leaves.filled_quantity, leaves.completed_shortfall_aud) == (10, 0.45)
    assert leaves.fill_ratio_sum == 0.1
    assert leaves.filled_paper_value_aud == pytest.approx(33.35)


@pytest.mark.parametrize(("bid", "offer", "cost"), [(3340, 3350, 0.4), (3320, 3330, -0.4)])
def test_what_is_left_is_marked_when_the_wait_ends(bid, offer, cost):
    """40 shares are left of a buy, a cent dearer or cheaper at the close, not when it filled."""
    rows = of_day(market_of_two((500, bid, offer))).set_index(["scenario", "lifetime"])
    assert rows.loc[("rest-dark", "close"), "implementation_shortfall_aud"] == pytest.approx(cost)
    assert rows.loc[("rest-dark", "recorded"), "implementation_shortfall_aud"] == 0


def test_fees_are_paid_for_every_fill_and_for_the_rest_that_is_traded():
    """10 bps in the lit book, 4 in the dark; the mark is the midpoint of 3335, the touch 3340.

    All 100 at 3340 in the lit book pay 0.334; 60 at 3335 in the dark 0.08004, and the other 40 at
    3340 in the lit book 0.1336.
    """
    free = of_day(market_of_two()).set_index(["scenario", "lifetime", "adoption"])
    rows = of_day(market_of_two(), fees=Fees(4.0, 10.0)).set_index(free.index.names)
    costs = [f"{of}_shortfall_{unit}" for of in ("implementation", "completed") for unit in UNITS]
    added = rows[costs] - free[costs]
    for case, paid, rest in ((("tape", "close", 0), 0.334, 0), (WAITS, 0.08004, 0.1336)):
        in_bps, in_aud, of_all_in_bps, of_all = added.loc[case]
        assert (in_aud, of_all) == pytest.approx((paid, paid + rest))
        assert (in_bps, of_all_in_bps) == pytest.approx(
            (1e4 * in_aud / 333.5, 1e4 * of_all / 333.5)
        )
    assert rows.drop(columns=costs).equals(free.drop(columns=costs))


def test_without_a_quote_to_mark_it_to_a_sweep_is_left_out_of_all_lines():
    rows = of_day(market_of_two((500, 3340, 3340))).set_index(["lifetime", "scenario"])
    left_out = rows.loc["close"]
    assert (left_out["n_sweeps"] == 0).all()
    assert (left_out["n_unmarked"] == 1).all()
    assert (left_out[["quantity", "filled_quantity", "paper_value_aud"]] == 0).all(axis=None)
    assert (rows.loc["recorded", "n_sweeps"] == 1).all()


def test_sweeps_that_cannot_change_are_told_and_counted():
    """Without a price, or reloaded, a sweep acts as recorded; it is in the means all the same."""
    day = sweep(market_of_two(), 8, 600, BUY, 100, 0, participantid=7)
    day = sweep(day, 9, 700, BUY, 100, 3340, changereason=RELOADED, participantid=7)
    rows = of_day(sweep(day, 11, CLOSE_NS + 5, BUY, 100, 3340, participantid=7))
    assert (rows["n_sweeps"] == 3).all()
    assert (rows["n_affected"] == 1).all()
    unmarked = of_day(market_of_two((500, 3340, 3340))).set_index("lifetime")
    assert (unmarked.loc["close", "n_affected"] == 0).all()


def test_only_sweeps_of_continuous_trading_are_told_of():
    day = sweep(market_of_two(), 9, CLOSE_NS + 5, BUY, 100, 3340, participantid=7)
    rows = of_day(day)
    assert (rows["n_sweeps"] + rows["n_unmarked"] == 1).all()


@pytest.mark.parametrize("names", [tuple(SCENARIOS), ("rest-dark",)])
@pytest.mark.parametrize(
    "choices", [Choices(), TWO, Choices("recorded", 3, 1), Choices("close", 3)]
)
def test_every_case_comes_once_with_every_participant(choices, names):
    market = cp_markets.sample_day()
    rows = sensitivity(market.partition(), market.quotes, choices, names, parts=True)
    arms = [REAL, *(Arm(CENTRE_POINT, name) for name in names)]
    by_case = rows.groupby(list(Case._fields), sort=False)
    assert list(by_case.groups) == list(map(tuple, cases_of(arms, choices)))
    assert len({tuple(some["participant"].fillna(-1)) for _, some in by_case}) == 1
    # All arms of a lifetime are over the same sweeps.
    same = ["n_sweeps", "n_affected", "n_unmarked", "quantity", "paper_value_aud"]
    for _, totals in by_case[same].sum().groupby("lifetime"):
        assert len(totals.drop_duplicates()) == 1


def test_one_participant_alone_changes_and_is_told_of():
    """Sweep 1 of participant 7 finds the dark sells, not sweep 5 of 8, which came before it."""
    day = sweep(Day(), 5, 190, BUY, 100, 3340, participantid=8)
    day = sweep(day, 1, 200, BUY, 100, 3340, participantid=7).enter(2, 240, SELL, 10, 3330)
    day.trade(250, (1, 77, 5, 3340, LIT, SELL))
    of_one = TWO._replace(adoption_participant=7, adoption_groups=20)
    for choices, dark, told in ((TWO, (0, 10), (1, 1)), (of_one, (10, 0), (1, 0))):
        rows = of_day(day, choices=choices).set_index(["scenario", "lifetime", "adoption"])
        rows = rows.loc["rest-dark", "close", 1].sort_values("participant")
        assert tuple(rows["dark_quantity"]) == dark
        assert tuple(rows["n_sweeps"]) == tuple(rows["n_affected"]) == told


def test_without_a_tape_there_is_no_answer():
    day = sweep(Day(), 1, 200, BUY, 100, 3340, participantid=7).enter(2, 240, SELL, 10, 3330)
    partition = day.partition()
    found = read_sweeps(partition, day.quotes, DATE, SECURITY)
    assert partition.tape is None
    assert not under_choices(Scenarios(partition), found, TWO, SCENARIOS).sums


def test_what_orders_of_each_participant_gave_in_the_dark():
    """Orders 2, 3 and 4 give 10, 20 and 30; 3 and 4 are of participant 9, 5 of nobody known."""
    day = sweep(Day(), 1, 200, BUY, 100, 3340, participantid=7).enter(2, 240, SELL, 10, 3330)
    day.trade(250, (1, 77, 100, 3340, LIT, SELL))
    day.enter(3, 300, SELL, 20, 3330, participantid=9)
    day.enter(4, 400, SELL, 30, 3330, participantid=9)
    day.enter(5, 500, SELL, 15, 3330, participantid=-1)
    day.enter(6, 600, SELL, 10, 3000, participantid=8).cancel(6, 601)
    day.enter(10, 700, SELL, 10, 3360, participantid=10)
    rows = sensitivity(day.partition(), day.quotes)
    given = rows.set_index(["scenario", "lifetime", "participant"]).sort_index()["contra_quantity"]
    for case, expected in {
        ("tape", "close"): {2: 0, 7: 0, 8: 0, 9: 0},
        ("rest-dark", "recorded"): {2: 10, 7: 0, 8: 0, 9: 0},
        ("rest-dark", "close"): {2: 10, 7: 0, 8: 10, 9: 50},
    }.items():
        assert given.loc[case].to_dict() == expected, case
    dark = rows.groupby(["scenario", "lifetime"])["dark_quantity"].sum()
    assert dark.loc["rest-dark", "close"] == 85


def test_groups_that_change_nothing_show_no_effect():
    """The replay as entered is the same in every group, and the tape knows of none."""
    market = cp_markets.sample_day()
    rows = sensitivity(market.partition(), market.quotes)
    assert (rows.loc[rows["adoption"] == 0, "among_adopters_quantity"] == 0).all()
    assert np.isin(rows.loc[rows["adoption"] == 0, "scenario"], ["tape", "as-entered"]).all()


@pytest.mark.parametrize("fees", [NO_FEES, Fees(0.5, 2.0)])
@pytest.mark.parametrize("choices", [Choices(), Choices("recorded", 3), Choices("close", 1)])
def test_sweeps_are_measured_as_the_answer_sums_them(choices, fees):
    """Row by row under the answer's own choice: the sums of all rows are those of the answer."""
    market = cp_markets.sample_day()
    partition = market.partition()
    found = read_sweeps(partition, market.quotes, DATE, SECURITY)
    under = under_choices(Scenarios(partition), found, choices, SCENARIOS, fees)
    real = Outcome(fills_of_book(partition.log, real_fills(partition)))
    arms = {Arm(CENTRE_POINT, name): answer.outcome for name, answer in under.answers.items()}
    lifetime = lifetime_of(choices.lifetime)
    sums = pd.concat(map(to_frame, under.sums))
    sums = sums[(sums["lifetime"] == choices.lifetime) & (sums["event"] == "all")]
    sums = sums[sums["switch"] == ""]
    for rows in sweep_tables(found, {REAL: real} | arms, lifetime=lifetime, fees=fees):
        name = rows["scenario"].fillna(rows["model"])[0]
        share = 0 if name in ("tape", "as-entered") else choices.marginal.share
        total = sums[(sums["scenario"] == name) & (sums["adoption"] == share)].sum(
            numeric_only=True
        )
        # A sweep without a midpoint at either end is left out; the mark is that of what is left.
        told = rows["is_continuous"] & rows["market_drift_bps"].notna()
        for column in ("quantity", "filled_quantity", "dark_quantity"):
            assert rows.loc[told, column].sum() == pytest.approx(total[column], rel=1e-12), column
        ratio = rows.loc[told, "fill_ratio"].sum()
        assert ratio == pytest.approx(total["fill_ratio_sum"], rel=1e-12)
        for cost in ("implementation_shortfall", "completed_shortfall"):
            for unit, summed in (("bps", "bps_sum"), ("aud", "aud")):
                expected = pytest.approx(total[f"{cost}_{summed}"], rel=1e-9)
                assert rows.loc[told, f"{cost}_{unit}"].sum() == expected
        if name not in ("tape", "as-entered"):
            fills = under.answers[name].fills
            by_order = np.bincount(fills.order, fills.quantity, partition.log.order_id.size)
            order = Scenarios(partition).record.order
            log, is_summed = partition.log, np.zeros(partition.log.order_id.size, dtype=bool)
            is_summed[order[told]] = True
            is_known = (fills.contra >= 0) & (log.participant_of_order[fills.contra] >= 0)
            given = fills.quantity[is_known & is_summed[fills.order]].sum()
            assert total["contra_quantity"] == given > 0
            assert rows["filled_quantity"].tolist() == by_order[order].tolist()


def test_what_fills_too_late_to_count_is_the_reason():
    """All of it fills by 500; 100 ns after its arrival 30 shares have."""
    day = market_of_two().enter(5, 500, SELL, 40, 3330)
    partition, found = day.partition(), read_sweeps(day.partition(), day.quotes, DATE, SECURITY)
    under = under_choices(Scenarios(partition), found, TWO, ["rest-dark"])
    real = Outcome(fills_of_book(partition.log, real_fills(partition)))
    outcomes = {REAL: real, Arm(CENTRE_POINT, "rest-dark"): under.answers["rest-dark"].outcome}
    for until_ns, filled, reason in ((100, 30, "filled_later"), (400, 100, "")):
        lifetime = Lifetime("", until_ns)
        _, row = (rows.iloc[0] for rows in sweep_tables(found, outcomes, lifetime=lifetime))
        assert (row["filled_quantity"], row["unfilled_reason"]) == (filled, reason)


def test_parts_of_the_fills_add_up_to_what_the_book_predicted():
    """A sweep arrives to 20, and 10 arrive to it: by arrival both, and none by another event."""
    day = Day().enter(2, 150, SELL, 20, 3330)
    day = sweep(day, 1, 200, BUY, 100, 3340, participantid=7)
    day.trade(200, (1, 2, 20, MID_X2 / 2, DARK, BUY)).trade(250, (1, 77, 5, 3340, LIT, SELL))
    rows = of_day(day.enter(3, 300, SELL, 10, 3330), parts=True)
    rows = rows.set_index(["scenario", "lifetime", "event"]).sort_index()
    for scenario, filled in (("as-entered", 20), ("dark-only", 30), ("tape", 0)):
        parts = rows.loc[scenario, "close"].drop("all")
        assert parts["filled_quantity"].to_dict() == {
            "arrival": filled, "amendment": 0, "resting": 0
        }  # fmt: skip
    whole, part = (rows.loc["dark-only", "close", name] for name in ("all", "arrival"))
    # All of it at the midpoint: no cost; left, it would have cost half a spread of 5 a share.
    assert (whole["implementation_shortfall_aud"], part["implementation_shortfall_aud"]) == (0, 0)
    assert whole["completed_shortfall_aud"] == pytest.approx(70 * 5 / 1_000)
    assert part["completed_shortfall_aud"] == pytest.approx(-30 * 5 / 1_000)


@pytest.mark.parametrize("switch", SWITCHES)
def test_each_switch_is_told_once_more_of_the_answer_and_of_everybody(switch):
    market = cp_markets.sample_day()
    choices = Choices(switches=(switch,))
    rows = sensitivity(market.partition(), market.quotes, choices, ["rest-dark"])
    told = rows[rows["switch"] == switch].groupby(["lifetime", "adoption"]).sum(numeric_only=True)
    assert list(told.index) == [("clock:5min", 0.05), ("clock:5min", 1.0)]
    plain = rows[(rows["switch"] == "") & (rows["scenario"] == "rest-dark")]
    plain = plain.groupby(["lifetime", "adoption"]).sum(numeric_only=True).loc[told.index]
    assert (told["n_sweeps"] == plain["n_sweeps"]).all()
    assert (told["filled_quantity"] != plain["filled_quantity"]).iloc[-1]
    if switch == "among_adopters":
        assert (told["among_adopters_quantity"] == 0).all()


def test_what_changes_in_some_groups_stands_for_all(monkeypatch):
    """However they are dealt, four of twenty groups tell on average what all do."""
    market = cp_markets.sample_day()
    changes = {}
    for enough in (1, 10**9):
        monkeypatch.setattr(engine, "_ENOUGH_SWEEPS", enough)
        found = []
        for seed in range(8):
            choices = Choices(
                lifetimes=("clock:5min",), adoption_seed=seed, switches=("own_orders",)
            )
            rows = sensitivity(market.partition(), market.quotes, choices, ["dark-only"])
            rows = rows[(rows["scenario"] == "dark-only") & (rows["adoption"] == 0.05)]
            sums = rows.groupby("switch")[["filled_quantity", "fill_ratio_sum", "n_sweeps"]].sum()
            found.append(sums.loc["own_orders"] - sums.loc[""])
        changes[enough] = pd.DataFrame(found)
    some, every = (changes[enough] for enough in (1, 10**9))
    assert (some["n_sweeps"] == 0).all()
    # Of some groups it differs from deal to deal, and not from the rest on average.
    for name in ("filled_quantity", "fill_ratio_sum"):
        spread = some[name].std() / np.sqrt(len(some))
        assert every[name].std() < some[name].std()
        assert abs(some[name].mean() - every[name].mean()) < 2 * spread
        assert every[name].mean() < -2 * spread
