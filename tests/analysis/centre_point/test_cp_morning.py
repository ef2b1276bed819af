"""The real morning: the score that the best known causal replay of these files has.

The numbers are those of `shared/docs/replay-fidelity.md`.
"""

from __future__ import annotations

from functools import cache

import cp_markets
import pytest
from framed import replay_partition

from sweep_dask.analysis.centre_point.inputs import BookSettings
from sweep_dask.matching.rules import Rules, names
from sweep_dask.terms.score import CAUSES


@cache
def _replay():
    partition = cp_markets.morning().partition()
    return replay_partition(partition, "2024-09-05", cp_markets.MORNING_SECURITY)


@pytest.fixture
def replay():
    cp_markets.morning()  # skips the test where the morning is not there
    return _replay()


def test_resync_is_as_good_as_is_known_to_be_possible(replay):
    score = replay.scores["resync"]
    assert (score.all.tape, score.all.predicted, score.all.hits) == (182, 157, 153)
    assert score.reachable == 170
    told = score.as_json()
    assert told["precision"] == pytest.approx(0.975, abs=5e-4)
    assert told["recall"] == pytest.approx(0.841, abs=5e-4)
    assert told["f1"] == pytest.approx(0.903, abs=5e-4)
    assert told["reachable_recall"] == pytest.approx(0.900, abs=5e-4)


def test_all_contested_arrivals_are_right_and_random_priority_is_not(replay):
    score = replay.scores["resync"]
    assert (score.contested, score.contested_hits) == (38, 38)
    assert score.contested_random < 38 / 2


def test_the_free_replay(replay):
    score = replay.scores["free"]
    assert (score.all.tape, score.all.predicted, score.all.hits) == (182, 172, 150)
    assert score.as_json()["f1"] == pytest.approx(0.847, abs=5e-4)


def test_triggers_add_up(replay):
    for score in replay.scores.values():
        tallies = score.by_trigger.values()
        for count in ("tape", "predicted", "hits"):
            assert sum(getattr(tally, count) for tally in tallies) == getattr(score.all, count)
        assert score.by_trigger["order_missing"].tape == 12
        assert score.by_trigger["both_passive"].tape == 16
        assert score.all.hits <= score.within_1ms.hits <= score.all.predicted


def test_every_miss_has_a_cause(replay):
    score = replay.scores["resync"]
    causes = replay.misses.cause.value_counts().to_dict()
    assert sum(causes.values()) == score.all.tape - score.all.hits
    assert set(causes) <= set(CAUSES)
    assert causes["order_not_in_input"] == score.all.tape - score.reachable
    assert "other" not in causes


def test_every_rule_in_force_is_switched_off_once(replay):
    in_force = [name for name in names() if getattr(Rules(), name)]
    assert list(replay.ablations) == [name.replace("_", "-") for name in in_force]


@pytest.mark.parametrize(
    "rule",
    [
        "half-tick",
        "limit-test",
        "time-priority",
        "minimum-quantity",
        "single-fill",
        "minimum-quantity-completion",
        "preferencing",
        "own-quote",
        "normal-quote",
        "amendment-trigger",
    ],
)
@pytest.mark.parametrize("mode", ["resync", "free"])
def test_rules_that_the_morning_shows_cost_something_to_do_without(replay, rule, mode):
    without = replay.ablations[rule][mode].as_json()["f1"]
    assert without < replay.scores[mode].as_json()["f1"]


def test_without_the_half_tick_recall_collapses(replay):
    assert replay.ablations["half-tick"]["resync"].as_json()["recall"] < 0.3


def test_no_rule_does_harm(replay):
    for by_mode in replay.ablations.values():
        for mode, score in by_mode.items():
            assert score.all.hits <= replay.scores[mode].all.hits


def test_learning_who_is_preferenced_costs_nothing(replay):
    # Told from the beginning: all who trade with deal source 46 some time in the morning.
    tables = cp_markets.morning()
    seen = tables.trades[(tables.trades.dealsource == 46) & (tables.trades.passiveaggressive == 1)]
    told = BookSettings(preferencing=tuple(sorted(seen.participantid.unique().tolist())))
    scores = replay_partition(tables.partition(told), "", 0, ablations=False).scores
    nobody = replay.ablations["preferencing"]["resync"].all.hits
    assert nobody < scores["resync"].all.hits <= replay.scores["resync"].all.hits


def test_predicted_matches_are_listed_by_mode(replay):
    counts = replay.matches["mode"].value_counts().to_dict()
    assert counts == {mode: score.all.predicted for mode, score in replay.scores.items()}
    for _, matches in replay.matches.groupby("mode"):
        assert matches.timestamp.is_monotonic_increasing
    assert set(replay.matches.deal_source) <= {46, 47, 48}
    assert set(replay.matches.trigger) <= {"arrival", "amend", "nbbo"}
