"""The section `centre_point` of the configuration file."""

from __future__ import annotations

import pytest

from sweep_dask.analysis.centre_point.choices import lifetime_of


def load_section(load, text):
    return load(file=f"centre_point:\n  {text}")


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("preferencing: learned", "preferencing", "learned"),
        ("preferencing: Learned", "preferencing", "learned"),
        ("preferencing: [72, 23, 72]", "preferencing", (72, 23)),
        ("preferencing: 72", "preferencing", (72,)),
        ("preferencing: 72, 23", "preferencing", (72, 23)),
        ("preferencing: []", "preferencing", ()),  # nobody, which is not the default
        ("preferencing:", "preferencing", "learned"),
        ("ticks: [[0, 1]]", "ticks", ((0, 1),)),
        ("ticks: [[0, 1], [100, 5]]", "ticks", ((0, 1), (100, 5))),
        ("ticks:\n    - [0, 1]\n    - [100, 5]", "ticks", ((0, 1), (100, 5))),
        ("block_min_value: 1000000", "block_min_value", 1_000_000),
        ("block_min_value: 1e6", "block_min_value", 1_000_000),
        ("block_min_value: 500_000.0", "block_min_value", 500_000),
        ("block_min_value: {110621: 1e6, 85603: 2}", "block_min_value", {110621: 10**6, 85603: 2}),
        ("block_min_value: null", "block_min_value", None),
        (
            "block_min_value: {2024-10-01: 800000, 2024-07-01: {110621: 1e6}}",
            "block_min_value",
            {"2024-07-01": {110621: 10**6}, "2024-10-01": 800_000},
        ),
        ("quote_source: exchange", "quote_source", "exchange"),
        ("rules_off: half-tick", "rules_off", ("half-tick",)),
        ("rules_off: half-tick, R2", "rules_off", ("half-tick", "R2")),
        ("rules_off: [dual_post, half-tick]", "rules_off", ("dual_post", "half-tick")),
        ("rules_off: []", "rules_off", ()),
    ],
)
def test_accepted(load, text, name, value):
    assert getattr(load_section(load, text), name) == value


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("preferencing: everybody", "learned, or a list of participant ids"),
        ("preferencing: [72, learned]", "learned, or a list of participant ids"),
        ("preferencing: {72: 1}", "learned, or a list of participant ids"),
        ("preferencing: 7.5", "learned, or a list of participant ids"),
        ("ticks: 10", "pairs of a price and the tick"),
        ("ticks: []", "pairs of a price and the tick"),
        ("ticks: [0, 1]", "pairs of a price and the tick"),
        ("ticks: [[0, 1, 2]]", "pairs of a price and the tick"),
        ("ticks: [[0, 0.5]]", "pairs of a price and the tick"),
        ("ticks: {0: 1}", "pairs of a price and the tick"),
        ("block_min_value: 0", "whole dollars above zero"),
        ("block_min_value: -1", "whole dollars above zero"),
        ("block_min_value: 0.5", "whole dollars above zero"),
        ("block_min_value: nan", "whole dollars above zero"),
        ("block_min_value: inf", "whole dollars above zero"),
        ("block_min_value: [1000000]", "whole dollars above zero"),
        ("block_min_value: {DRR: 1000000}", "order book ids"),
        ("block_min_value: {110621: much}", "whole dollars above zero"),
        ("block_min_value: {2024-07: 1000000}", "dates such as 2024-07-01"),
        ("block_min_value: {2024-07-01: 1000000, 110621: 1}", "dates such as 2024-07-01"),
        ("block_min_value: {110621: {2024-07-01: 1000000}}", "dates such as 2024-07-01"),
        ("block_min_value: {2024-07-01: {2024-10-01: 1}}", "dates such as 2024-07-01"),
        ("quote_source: asx", "national or exchange"),
        ("rules_off: half tick", "names of rules such as half-tick"),
        ("rules_off: ['']", "names of rules such as half-tick"),
        ("rules_off: {half-tick: true}", "names of rules such as half-tick"),
    ],
)
def test_bad_value_names_key_line_and_what_is_accepted(usage_error, text, accepted):
    error = usage_error(file=f"centre_point:\n  {text}")
    assert error.what.startswith(f"centre_point.{text.partition(':')[0]} cannot be ")
    assert error.where == "config.yaml, line 2"
    assert accepted in (error.cure or "")


def test_unknown_key_suggests_the_nearest(usage_error):
    error = usage_error(file="centre_point: {tick: [[0, 1]]}")
    assert error.cure == "did you mean centre_point.ticks?"


# --- choices --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["recorded", "close", "clock:1s", "clock:90min", "clock:2h"])
def test_lifetimes_that_are_accepted(load, name):
    assert load(lifetime=name).lifetime == name
    assert lifetime_of(name).name == name


@pytest.mark.parametrize(
    ("given", "name"),
    [("clock:300s", "clock:5min"), ("clock:7200s", "clock:2h"), ("clock:61s", "clock:61s")],
)
def test_lifetimes_of_one_length_have_one_name(load, given, name):
    assert load(lifetime=given).lifetime == name


@pytest.mark.parametrize("name", ["5min", "clock:0s", "clock:5", "clock:1.5s", "Close", "clock:1d"])
def test_what_is_no_lifetime(usage_error, name):
    error = usage_error(lifetime=name)
    assert error.value == name
    assert "clock:5min" in f"{error.what} {error.cure}"


@pytest.mark.parametrize("groups", ["0", "-3", "1001", "many"])
def test_what_is_no_number_of_groups(usage_error, groups):
    usage_error(adoption_groups=groups)


@pytest.mark.parametrize(("given", "shares"), [("[]", ()), ("[1]", (1.0,)), ("0.1", (0.1,))])
def test_shares_of_sweeps(load, given, shares):
    settings = load(file=f"choices: {{adoption_shares: {given}}}")
    assert settings.adoption_shares == shares


@pytest.mark.parametrize("given", ["[0]", "[1.5]", "[0.0001]", "[half]"])
def test_what_is_no_share_of_sweeps(usage_error, given):
    usage_error(file=f"choices: {{adoption_shares: {given}}}")


# --- fees -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["-0.1", "10001", "nan", "inf", "much", "[1]"])
def test_what_is_no_fee(usage_error, given):
    error = usage_error(file=f"fees: {{lit_bps: {given}}}")
    assert "basis points from 0 to 10,000" in (error.cure or "")
