"""The rules that can be switched off: their names, their bits, and that RULES.md knows them all."""

import re
from pathlib import Path

import pytest
from rules_page import RULES

import sweep_dask
from sweep_dask.matching import rules
from sweep_dask.matching.rules import Rules, names

PACKAGE = Path(sweep_dask.__file__).parent


def test_the_exchange_has_all_rules_but_sweeps_at_on_tick_prices():
    off = {name for name in names() if not getattr(Rules(), name)}
    assert off == {"sweep_on_tick"}


def test_each_rule_is_a_bit_of_its_own():
    nothing = Rules(**dict.fromkeys(names(), False))
    assert nothing.mask == 0
    masks = [Rules(**(dict.fromkeys(names(), False) | {name: True})).mask for name in names()]
    assert masks == [1 << bit for bit in range(len(names()))]
    assert Rules(**dict.fromkeys(names(), True)).mask == sum(masks)


def test_the_kernel_asks_for_the_bits_of_the_mask():
    constants = {name: value for name, value in vars(rules).items() if name.isupper()}
    assert len(constants) >= 16
    for name, bit in constants.items():
        assert Rules(**(dict.fromkeys(names(), False) | {name.lower(): True})).mask == bit


@pytest.mark.parametrize("name", names())
def test_a_rule_is_switched_off_by_its_name(name):
    without = Rules().without(name)
    assert not getattr(without, name)
    assert without == Rules().without(name.replace("_", "-"))
    assert without.mask == Rules().mask & ~Rules(**dict.fromkeys(set(names()) - {name}, False)).mask
    assert without.without(name) == without


@pytest.mark.parametrize("name", ["half tick", "Half_Tick", "mask", "without", "__class__"])
def test_there_is_no_rule_of_that_name(name):
    with pytest.raises(KeyError, match=re.escape(name)):
        Rules().without(name)


def test_the_page_numbers_its_rules_without_a_gap():
    assert list(RULES) == [f"R{number}" for number in range(1, len(RULES) + 1)]
    assert len(RULES) >= 24


@pytest.mark.parametrize("name", names())
def test_the_page_names_the_switch_in_the_row_of_its_rule(name):
    """Next to each field stands the number of its rule."""
    source = (PACKAGE / "matching" / "rules.py").read_text(encoding="utf-8")
    number = re.search(rf'    {name}: bool = \w+\n    """.*\((R\d+)\)\."""', source)
    assert number, f"rules.py does not say which rule {name} is"
    assert name in RULES[number[1]].switches


def test_every_rule_that_the_code_names_is_on_the_page():
    named = {
        (number, file.name)
        for file in sorted(PACKAGE.rglob("*.py"))
        for number in re.findall(r"\bR\d+\b", file.read_text(encoding="utf-8"))
    }
    assert len(named) > 20
    assert {(number, file) for number, file in named if number not in RULES} == set()
