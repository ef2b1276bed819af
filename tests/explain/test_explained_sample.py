"""Sweeps drawn from the built-in sample: what is told of them adds up to the tables."""

import random
import re

import pytest
from running import ROOT, run_here

import sweep_dask
from sweep_dask.explain.explanation import explain
from sweep_dask.sample import sample_market_path
from sweep_dask.storage.layout import OutputLayout

pytestmark = pytest.mark.slow

N_SWEEPS = 50
CHOICES = {"lifetimes": "clock:5min", "adoption_shares": (), "switches": ()}


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample") / "out"
    return run_here(
        sample_market_path(), folder, enable_parallel=False, replay=False, **CHOICES
    ).output


@pytest.fixture(scope="module")
def drawn(output):
    """Rows of `sweep_metrics` of some sweeps, every arm of them, by order id."""
    table = sweep_dask.load(output).table("sweep_metrics")
    ids = random.Random(12).sample(sorted(set(table["order_id"].tolist())), N_SWEEPS)
    rows = table[table["order_id"].isin(ids)]
    return {order_id: rows[rows["order_id"] == order_id].to_dict("records") for order_id in ids}


def test_fills_sum_to_the_row_of_each_arm(output, drawn):
    n_contras = n_rests = 0
    for order_id, rows in drawn.items():
        (day,) = explain(OutputLayout(output), order_id).days
        assert len(day.arms) == len(rows) == 6
        for arm, row in zip(day.arms, rows, strict=True):
            counted = [fill for fill in arm.fills if fill.is_counted]
            dark = [fill for fill in counted if fill.venue == "dark"]
            assert sum(fill.quantity for fill in counted) == row["filled_quantity"]
            assert len(counted) == row["fill_count"]
            assert sum(fill.quantity for fill in dark) == row["dark_quantity"]
            value_x2 = sum(fill.quantity * fill.price_x2 for fill in counted)
            assert value_x2 == row["filled_value_x2"]
            assert (arm.rest.quantity if arm.rest else 0) == row["unfilled_quantity"]
            n_contras += sum(fill.contra_order_id is not None for fill in dark)
            n_rests += arm.rest is not None
    assert n_contras > N_SWEEPS
    assert n_rests > N_SWEEPS


def test_a_contra_of_a_scenario_has_the_same_terms_in_the_market(output, drawn):
    """Whom a sweep meets is of the other side and its limit leaves room for the price."""
    layout = OutputLayout(output)
    met = {
        (day.terms.side, fill.contra_order_id, fill.price_x2)
        for order_id in drawn
        for day in explain(layout, order_id).days
        for arm in day.arms
        if arm.scenario
        for fill in arm.fills
        if fill.contra_order_id is not None
    }
    assert met
    for side, contra, price_x2 in sorted(met)[:N_SWEEPS]:
        (day,) = explain(layout, contra).days
        assert day.terms.side != side
        limits = [m.limit_x2 for m in day.messages if m.limit_x2 is not None]
        # Half a tick is at most five units.
        if limits:
            room = 10
            is_buy = day.terms.side == "buy"
            assert price_x2 <= max(limits) + room if is_buy else price_x2 >= min(limits) - room


def test_texts_fit_a_terminal(output, drawn):
    for order_id in drawn:
        lines = str(explain(OutputLayout(output), order_id)).splitlines()
        assert max(map(len, lines)) <= 80


def test_the_page_shows_what_is_told(output):
    page = (ROOT / "docs" / "explain.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```text\n(Order .*?)\n```", page, re.DOTALL)
    order_id = int(re.match(r"Order (\d+)", block)[1])
    assert str(explain(OutputLayout(output), order_id)) == block
    # Who follows the page asks for this order.
    assert set(re.findall(r"explain[ (](\d{19})", page)) == {str(order_id)}


def test_every_key_of_the_document_is_on_the_page(output, drawn):
    page = (ROOT / "docs" / "explain.md").read_text(encoding="utf-8")
    document = explain(OutputLayout(output), next(iter(drawn))).to_dict()
    assert [key for key in _keys(document) if f"`{key}`" not in page] == []


def _keys(document):
    """Names in a document but those of metrics and of times in Sydney."""
    if isinstance(document, list):
        return {key for value in document for key in _keys(value)}
    if not isinstance(document, dict):
        return set()
    told = {key: value for key, value in document.items() if not key.endswith("_local")}
    below = [_keys(value) for key, value in told.items() if key != "metrics"]
    return {*told, *set().union(*below)}
