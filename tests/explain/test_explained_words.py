"""Numbers, times and reasons as the explanation writes them; every rule it names is in RULES.md."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask.analysis.centre_point.sweep_outcomes import REASONS
from sweep_dask.explain import reasons, text
from sweep_dask.explain.local_time import local_time
from sweep_dask.explain.records import Arm, Fill, Message, Terms
from sweep_dask.market import change_reasons
from sweep_dask.terms.arms import SCENARIOS
from sweep_dask.terms.reasons import DECREASED, FILLED_LATER
from sweep_dask.terms.units import dollars

RESTS = "rests in the dark half a tick beyond its limit"
ACCEPTS = "its mid-tick accepts half a tick beyond its limit in the dark"
RULES = Path(reasons.__file__).parents[1] / "matching" / "RULES.md"


def terms(**fields):
    usual = {
        "side": "buy",
        "kind": "sweep",
        "order_type": 2048,
        "quantity": 100,
        "limit_x2": 2000,
        "participant": 1,
        "participant_name": None,
        "mid_tick": 2,
        "minimum_quantity": None,
        "is_single_fill": False,
        "is_immediate": False,
        "validity": None,
    }
    return Terms(**{**usual, **fields})


def rules_of_the_page():
    """The numbers in the second column, ranges such as `7.1 to 7.3` written out."""
    lines = RULES.read_text().splitlines()
    cells = [line.split("|")[2] for line in lines if re.match(r"\| R\d", line)]
    found = set()
    for part in ",".join(cells).split(","):
        ends = [re.fullmatch(r"(\d+\.|S)(\d+)", end.strip()) for end in part.split(" to ")]
        first, last = ends[0], ends[-1]
        found |= {f"{first[1]}{one}" for one in range(int(first[2]), int(last[2]) + 1)}
    return found


def all_rests():
    for reason in (*REASONS.values(), DECREASED, FILLED_LATER):
        for scenario in SCENARIOS:
            for kind in (terms(), terms(mid_tick=1), terms(is_immediate=True)):
                for is_affected in (True, False):
                    yield reasons.scenario_rest(9, reason, scenario, kind, is_affected=is_affected)


def test_every_rule_that_is_named_is_on_the_page_of_rules():
    named = {rule for rest in all_rests() for rule in rest.rules}
    named |= {rule for rules in reasons._END_RULES.values() for rule in rules}
    assert {"2.2", "10.6", "S5", "11.4"} <= named
    assert named <= rules_of_the_page()


def test_every_reason_has_words():
    assert all(rest.words.split("; ")[0] != rest.reason for rest in all_rests())
    with_rule = {rest.reason for rest in all_rests() if rest.rules}
    assert with_rule == {*REASONS.values(), DECREASED}


@pytest.mark.parametrize(("side", "word"), [("buy", "above"), ("sell", "below")])
def test_a_limit_is_passed_on_its_own_side(side, word):
    rest = reasons.scenario_rest(9, "limit", "rest-dark", terms(side=side), is_affected=True)
    assert f"the midpoint was {word} its own limit" in rest.words


@pytest.mark.parametrize(
    ("scenario", "changed", "rules"),
    [
        ("as-entered", {}, ("5.1", "S5", "10.6")),
        ("as-entered", {"mid_tick": 1}, ("5.1", "S5", "S6")),
        ("as-entered", {"is_immediate": True}, ("5.1", "4.5")),
        ("dual-post", {}, ("5.1", "S5", "S6")),
        ("dark-only", {}, ("5.1",)),
    ],
)
def test_where_the_rest_waited(scenario, changed, rules):
    found = reasons.scenario_rest(9, "no_contra", scenario, terms(**changed), is_affected=True)
    assert found.rules == rules


def test_a_sweep_that_no_scenario_changes_waits_where_it_did():
    found = reasons.scenario_rest(9, "no_contra", "dark-only", terms(), is_affected=False)
    assert found.rules == ("5.1", "S5", "10.6")


def message(reason, *, leaves, is_on_book):
    what = change_reasons.WORDS[reason]
    return Message(1, 2, reason, what, is_on_book, None, 10, leaves, 0, None, None, None)


def fill(quantity, *, is_counted, price_x2=2, venue="lit"):
    return Fill(3, quantity, price_x2, venue, 1, None, None, None, None, is_counted)


@pytest.mark.parametrize(
    ("reason", "is_after"), [(change_reasons.NEW, True), (change_reasons.TRADED, False)]
)
def test_the_second_row_of_one_time_is_after_matching_but_for_a_second_fill(reason, is_after):
    first, second = (message(reason, leaves=left, is_on_book=True) for left in (7, 4))
    assert "after matching" not in text._message(None, first)
    assert ("after matching" in text._message(first, second)) is is_after


def test_the_end_of_the_record():
    purged = [message(change_reasons.DAY_ORDER_PURGED, leaves=7, is_on_book=False)]
    rest = reasons.tape_rest(9, [fill(2, is_counted=False)], purged)
    assert rest.rules == ("11.4",)
    assert rest.words == "2 filled after it is measured; purged at the end of the day, 7 left then"
    there = [message(change_reasons.NEW, leaves=9, is_on_book=True)]
    assert "still on the book" in reasons.tape_rest(9, [], there).words
    later = [fill(9, is_counted=False), fill(4, is_counted=True)]
    assert reasons.tape_rest(9, later, purged).reason == FILLED_LATER


@pytest.mark.parametrize(
    ("side", "price_x2", "arm", "mid_tick", "said"),
    [
        ("sell", 1990, "dual-post", 2, f"{RESTS}, at $0.9950 (R23)"),
        ("buy", 2010, "dual-post", 2, f"{RESTS}, at $1.0050 (R23)"),
        ("buy", 2010, "rest-dark", 2, None),
        ("buy", 2010, "time-priority", 2, None),
        ("buy", 2000, "dual-post", 2, None),
        ("sell", 2010, "dual-post", 2, None),
        ("buy", 2010, "tape", 1, f"{ACCEPTS}, $1.0050 (R2)"),
    ],
)
def test_a_fill_beyond_the_limit_is_explained(side, price_x2, arm, mid_tick, said):
    is_scenario = arm in SCENARIOS
    dark = fill(2, is_counted=True, price_x2=price_x2, venue="dark")
    of_arm = Arm(arm, "centre-point", arm if is_scenario else None, (dark,))
    entered = replace(message(change_reasons.NEW, leaves=9, is_on_book=True), limit_x2=2000)
    asked = terms(side=side, mid_tick=mid_tick)
    assert reasons.beyond_limit(of_arm, asked, [entered]) == said
    # A later limit is not that of the moment.
    later = replace(entered, limit_x2=price_x2, time_ns=99)
    assert reasons.beyond_limit(of_arm, asked, [entered, later]) == said
    lit = replace(of_arm, fills=(replace(dark, venue="lit"),))
    assert reasons.beyond_limit(lit, asked, [entered]) is None


def test_what_time_priority_left():
    later = [fill(9, is_counted=False)]
    assert reasons.time_priority_rest(9, later, (9, 9)).reason == FILLED_LATER
    assert "nobody else arrived" in reasons.time_priority_rest(9, [], (9, 0)).words
    assert "asked about the 3" in reasons.time_priority_rest(9, [], (3, 3)).words


def test_every_change_of_an_order_has_words():
    codes = {value for value in vars(change_reasons).values() if isinstance(value, int)}
    assert {*change_reasons.ENTERS, *change_reasons.EXITS} < codes
    assert change_reasons.WORDS.keys() == codes


@given(st.integers(min_value=0, max_value=2**62))
def test_dollars_are_exact(price_x2):
    text = dollars(price_x2)
    assert re.fullmatch(r"[0-9,]+\.[0-9]{4}", text)
    assert int(re.sub("[,.]", "", text)) == 5 * price_x2


def test_local_time_has_nine_digits_and_the_offset_of_the_day():
    assert local_time(1_728_000_000_000_000_007) == "2024-10-04T10:00:00.000000007+10:00"
    assert local_time(1_728_255_600_120_000_000) == "2024-10-07T10:00:00.120000000+11:00"
