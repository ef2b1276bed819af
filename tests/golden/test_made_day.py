"""The book against a tape that it had no part in: a made day, matched by a plain exchange.

Where the file has everything, every match is predicted to the share, the half tick and the
nanosecond; where orders or quotes are missing from it, what is missed has that cause.
"""

from __future__ import annotations

from collections import Counter

import pytest
from made_day import OPTED_IN, SECURITIES, made_day, without_orders, without_quotes
from running import replay_here

MODES = ("resync", "free")
#: Rules that orders of this day depend on; the others have hand-worked cases.
AT_WORK = (
    *("half-tick", "limit-test", "time-priority", "preferencing", "priority-loss"),
    *("minimum-quantity", "single-fill", "minimum-quantity-reset", "minimum-quantity-completion"),
    *("amendment-trigger", "quote-moves", "normal-quote", "continuous-only", "dual-post"),
)


def replayed(market, folder, **settings):
    given = {"preferencing": OPTED_IN, "enable_parallel": False, **settings}
    return replay_here(market.write(folder / "in"), folder / "out", **given).fidelity


def causes(document):
    return Counter(miss["cause"] for one in document["partitions"] for miss in one["misses"])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return replayed(made_day(), tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def total(whole):
    return whole["total"]


def test_the_day_has_what_it_promises():
    rows = made_day().rows
    trades = rows["trades"]
    assert {row["dealsource"] for row in trades} == {1, 46, 47, 48}
    assert len({row["matchgroupid"] for row in trades if row["dealsource"] != 1}) > 400
    is_incoming = Counter()
    for row in trades:
        is_incoming[row["matchgroupid"]] += row["passiveaggressive"]
    assert Counter(is_incoming.values())[0] > 50
    # Midpoints of 872.5 and the like.
    assert any(row["tradeprice"] % 5 for row in trades if row["securitycode"] == SECURITIES[1].code)
    assert {row["timevalidity"] for row in rows["orders"]} == {0, 256}
    assert {row["exchangeordertype"] for row in rows["orders"]} == {64, 2048, 4096}
    assert sum(row["changereason"] == 5 for row in rows["orders"]) > 100
    assert "TRADING_HALT" in {row["Name"] for row in rows["session"]}


@pytest.mark.parametrize("mode", MODES)
def test_every_match_is_predicted_exactly_and_no_other(total, mode):
    score = total[mode]
    assert score["hits"] == score["predicted"] == score["tape"] > 400
    assert score["by_trigger"]["both_passive"]["hits"] > 50


@pytest.mark.parametrize("mode", MODES)
def test_priority_decides_many_arrivals_and_by_lot_most_would_be_wrong(total, mode):
    score = total[mode]
    assert score["contested_hits"] == score["contested"] > 100
    assert score["contested_random"] < score["contested"] / 2


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rule", AT_WORK)
def test_without_a_rule_the_tape_is_another(whole, rule, mode):
    (without,) = (entry[mode] for entry in whole["ablations"] if entry["rule"] == rule)
    assert without["f1"] < whole["total"][mode]["f1"] == 1


def test_who_has_opted_in_is_learned_at_little_cost(total, tmp_path):
    learned = replayed(made_day(), tmp_path, preferencing="learned", ablations=False)["total"]
    assert 0.97 < learned["resync"]["f1"] < total["resync"]["f1"]
    assert 0.8 < learned["free"]["f1"] < total["free"]["f1"]


def test_what_is_missed_without_some_quotes_is_what_they_would_have_started(tmp_path):
    document = replayed(without_quotes(made_day()), tmp_path)
    score = document["total"]["resync"]
    assert score["f1"] > 0.9
    assert set(causes(document)) == {"quote_moved_unseen"}
    # All arrivals are right, as their own rows show the quote; by the file alone they are not.
    assert score["by_trigger"]["arrival"]["recall"] == 1
    (by_file,) = (e["resync"] for e in document["ablations"] if e["rule"] == "own-quote")
    assert by_file["f1"] < 0.6


def test_what_is_missed_without_some_orders_is_theirs_or_comes_of_it(tmp_path):
    document = replayed(without_orders(made_day()), tmp_path, ablations=False)
    score = document["total"]["resync"]
    assert score["f1"] > 0.85
    assert score["reachable_recall"] > 0.9
    missing = score["tape"] - score["reachable"]
    assert causes(document)["order_not_in_input"] == missing > 0
