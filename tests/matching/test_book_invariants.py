"""The compiled Centre Point book keeps what must hold of every fill; see `book_checks`."""

import pytest
from book_checks import CHECKS_OF_A_FILL, CHECKS_OF_AN_EVENT
from book_ledger import Ledger
from random_markets import Dice, random_market

from sweep_dask.matching.rules import Rules

MARKETS = 400


@pytest.fixture(scope="module")
def markets():
    """Half of them with the rules of the exchange, and what the book makes of each."""
    made = []
    for seed in range(MARKETS):
        given = {"rules": Rules()} if seed % 2 else {}
        market = random_market(Dice.of_seed(1_000_000 + seed), 100, **given)
        made.append((seed, market, market.run()))
    return made


@pytest.fixture(scope="module")
def broken(markets):
    """What did not hold: by name of the check, where."""
    found = {}
    for seed, market, result in markets:
        for name, event in check(market, result):
            found.setdefault(name, []).append(f"market {seed}, event {event}")
    return found


def check(market, result):
    """Yields the name of each check that fails, and at which event."""
    ledger = Ledger(market)
    for position, event in enumerate(market.events):
        ledger.begin(event)
        for fill in result.fills[result.fills["event"] == position]:
            buy, sell = ledger.accounts[int(fill["buy"])], ledger.accounts[int(fill["sell"])]
            for holds in CHECKS_OF_A_FILL:
                if fails(holds, ledger, fill, buy, sell):
                    yield holds.__name__, position
            ledger.fill(fill)
        for holds in CHECKS_OF_AN_EVENT:
            if fails(holds, ledger):
                yield holds.__name__, position
        if result.applied[position] != ledger.applied:
            yield "quantity_is_conserved", position
        ledger.end()
    if ledger.ends(result.leaves.size) != (
        result.leaves.tolist(),
        result.minimum_quantity.tolist(),
    ):
        yield "quantity_is_conserved", None


def fails(holds, *arguments):
    try:
        holds(*arguments)
    except AssertionError:
        return True
    return False


NAMES = [holds.__name__ for holds in CHECKS_OF_A_FILL + CHECKS_OF_AN_EVENT]


@pytest.mark.parametrize("name", [*NAMES, "quantity_is_conserved"])
def test_it_holds_in_random_markets(name, broken):
    """Conserved: what is left is what was entered, added and taken away, less all fills."""
    assert broken.get(name, []) == []


def test_the_markets_have_fills(markets):
    assert sum(result.fills.size for _, _, result in markets) > 5 * MARKETS


def test_the_same_events_make_the_same_fills(markets):
    for _, market, result in markets[:100]:
        before = market.events.copy()
        again = market.run()
        for one, other in zip(again, result, strict=True):
            assert (one == other).all() if hasattr(one, "all") else one == other
        assert (market.events == before).all()
