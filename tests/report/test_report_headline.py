"""The headline names a best line only as far as it is shown, and says what else there is."""

import pytest
from markupsafe import Markup

from sweep_dask.analysis.stats.clusters import CONSTANT
from sweep_dask.report.effects import ALL_EQUAL, COMPLETED, FILL_RATIO, SHORTFALL, Effect
from sweep_dask.report.headline import headline


def effect(metric, line, mean, *, sure=True, reason=""):
    """The interval lies on one side of 0 exactly if the effect is sure."""
    low = high = p_holm = None
    if not reason:
        room = abs(mean) / 2 if sure else 2 * abs(mean) + 1
        low, high, p_holm = mean - room, mean + room, 0.001 if sure else 0.5
    return Effect(metric, "as-entered", line, 9, 3, mean, low, high, p_holm, reason, {})


def maybe(mean):
    return {"mean": mean, "sure": False}


def constant(mean):
    return {"mean": mean, "reason": CONSTANT}


#: As without prices.
NOTHING = {"mean": None, "reason": "no sweep has both values"}


def said(among="scenario", **lines):
    """Text of both sentences; a line has its effects on fill, shortfall, completed shortfall."""
    found = []
    for name, values in lines.items():
        line, effects = name.replace("_", "-"), {}
        for metric, value in zip((FILL_RATIO, SHORTFALL, COMPLETED), values, strict=True):
            given = value if isinstance(value, dict) else {"mean": value}
            effects[metric] = effect(metric, line, **given)
        found.append(effects)
    fill, cost = headline(found, among)
    return Markup(fill).striptags(), Markup(cost).striptags()


def test_the_reason_of_a_constant_difference_is_that_of_the_tests():
    assert ALL_EQUAL == CONSTANT


def test_best_by_both_ways_of_counting():
    fill, cost = said(dual_post=(0.2, -3.0, -2.0), rest_dark=(0.1, -1.0, -1.0))
    most = "20.00 points more of a sweep (10.00 to 30.00)"
    assert fill == f"Dual post would have filled the most: {most}."
    assert cost == (
        "Dual post would have cost the least: 3.00 bps cheaper (1.50 to 4.50), or 2.00 bps cheaper "
        "(1.00 to 3.00) if what is left had still to be traded across half the spread."
    )


def test_cheapest_by_one_way_of_counting_only():
    _, cost = said(dual_post=(0.2, -1.0, -2.0), dark_only=(-0.3, -3.0, -1.0))
    assert cost.startswith("Which line costs least depends on how what is left is counted: ")
    assert "Dark only if what is left is counted at the midpoint, 3.00 bps cheaper" in cost
    assert "Dual post if what is left had still to be traded across half the spread, 2.00" in cost
    _, cost = said(dual_post=(0.2, 1.0, 2.0), dark_only=(-0.3, -3.0, 1.0))
    assert "across half the spread, no scenario is shown to cost less." in cost
    _, cost = said(dark_only=(-0.3, -3.0, 1.0))
    assert cost.startswith("Whether it costs less depends on how what is left is counted")


def test_none_is_shown_to_do_better():
    fill, cost = said(dual_post=(-0.1, 1.0, 1.0), rest_dark=(maybe(-0.1), 1.0, maybe(0.0)))
    assert fill == "No scenario is shown to fill more."
    assert cost == "No scenario is shown to cost less."


def test_a_larger_effect_that_may_be_chance_is_not_passed_over():
    fill, cost = said(dual_post=(0.1, -1.0, -1.0), rest_dark=(maybe(0.3), maybe(-0.5), maybe(-4.0)))
    assert fill.startswith("Dual post would have filled more: 10.00 points")
    assert fill.endswith("; the largest difference, of 30.00 points by rest dark, may be chance.")
    assert cost.startswith("Dual post would have cost less: 1.00 bps cheaper")
    assert cost.endswith("; the largest difference, of 4.00 bps by rest dark, may be chance.")
    fill, _ = said(rest_dark=(maybe(0.3), -1.0, -1.0), dual_post=(-0.1, -1.0, -1.0))
    assert fill == (
        "No scenario is shown to fill more; the largest difference, of 30.00 points by rest dark, "
        "may be chance."
    )


def test_a_constant_difference_is_one_and_has_its_size():
    fill, cost = said(dual_post=(constant(0.25), constant(-2.0), constant(-2.0)))
    assert fill == (
        "Dual post would have filled more: 25.00 points more of a sweep (in every sweep the same)."
    )
    assert "cost less: 2.00 bps cheaper (in every sweep the same)" in cost
    fill, cost = said(dual_post=(constant(0.0),) * 3)
    assert (fill, cost) == (
        "No scenario changes the fill of any sweep.",
        "No scenario changes the cost of any sweep.",
    )


@pytest.mark.parametrize("among", ["scenario", "line"])
def test_what_cannot_be_compared_is_not_called_equal(among):
    fill, cost = said(among, dual_post=(maybe(0.1), NOTHING, NOTHING))
    assert fill.startswith(f"No {among} is shown to fill more")
    assert cost == "What a change would have done to the cost cannot be said."
