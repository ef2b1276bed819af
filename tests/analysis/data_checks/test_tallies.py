"""Sums of rows are those of all rows, however the rows are divided; samples are of whole orders."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep_dask.analysis.data_checks.counting import MISSING, count_rows
from sweep_dask.analysis.data_checks.input_checks import check_ids
from sweep_dask.analysis.data_checks.tally import SampledOrders, Tally, hashed
from sweep_dask.market.ticks import DEFAULT_TICKS

OPENING_NS = 1_728_000_000 * 10**9


@pytest.fixture
def few_orders(monkeypatch):
    monkeypatch.setattr("sweep_dask.analysis.data_checks.tally.SAMPLE_ORDERS", 5)


def numbers(*values):
    return np.array(values, dtype=np.int64)


def parts_of(rows, cuts):
    edges = [0, *sorted(cut % (rows + 1) for cut in cuts), rows]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(-50, 50)), max_size=60),
    st.lists(st.integers(0, 60), max_size=4),
)
def test_a_sample_has_all_rows_of_its_orders_for_every_division(rows, cuts):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sweep_dask.analysis.data_checks.tally.SAMPLE_ORDERS", 5)
        ids, values = numbers(*(i for i, _ in rows)), numbers(*(v for _, v in rows))
        joined = None
        for part in parts_of(len(rows), cuts):
            sample = SampledOrders.of_rows(
                ids[part], {"a sum": values[part], "b min": values[part], "c max": values[part]}
            )
            joined = sample if joined is None else joined.joined(sample)
        of_order = defaultdict(list)
        for order, value in rows:
            of_order[order].append(value)
        chosen = sorted(of_order, key=lambda order: int(hashed(numbers(order))[0]))[:5]
        assert joined.ids.tolist() == chosen
        for name, how in {"a sum": sum, "b min": min, "c max": max}.items():
            assert joined.numbers[name].tolist() == [how(of_order[order]) for order in chosen]
        assert joined.is_whole == (len(of_order) <= 5)
        assert SampledOrders.from_json(json.loads(json.dumps(joined.as_json()))).is_whole == (
            joined.is_whole
        )


def test_what_a_full_sample_may_know(few_orders):
    ids = np.arange(1_000, dtype=np.int64)
    sample = SampledOrders.of_rows(ids, {})
    known = sample.may_know(ids)
    assert known.sum() == 5
    assert set(ids[known]) == set(sample.ids)


def order_rows(rows):
    names = ("order_id", "timestamp", "security_code", "price", "bid", "offer", "quantity")
    columns = {name: numbers(*(row[k] for row in rows)) for k, name in enumerate(names)}
    size = columns["order_id"].size
    return columns | {
        "side": np.ones(size, np.int64),
        "totalmatchedquantity": np.zeros(size, np.int64),
        "sequence": np.arange(size, dtype=np.int64),
    }


PRICE_X2 = st.sampled_from([MISSING, 0, 1, 199, 200, 2_110, 4_000, 6_660, 6_661, 66_600])
ROWS = st.lists(
    st.tuples(
        st.integers(-(2**63) + 1, 2**63 - 1),
        st.integers(OPENING_NS, OPENING_NS + 10**15),
        st.integers(1, 3),
        PRICE_X2, PRICE_X2, PRICE_X2,
        st.integers(0, 100),
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=100)
@given(ROWS, st.lists(st.integers(0, 40), max_size=3))
def test_tallies_add_up(rows, cuts):
    columns = order_rows(rows)
    whole, joined = Tally(), Tally()
    whole.add(count_rows("o.csv", "orders", columns, DEFAULT_TICKS))
    for part in parts_of(len(rows), cuts):
        piece = {name: values[part] for name, values in columns.items()}
        counted = count_rows("o.csv", "orders", piece, DEFAULT_TICKS)
        joined.add(Tally.from_json(json.loads(json.dumps(counted.as_json()))))
    assert joined.as_json() == whole.as_json()
    assert joined.ids["o.csv"].n_double == sum(
        int(float(row[0])) == row[0] for row in rows if abs(row[0]) > 2**53
    )


@pytest.mark.parametrize(("magnitude", "spacing"), [(60, 256), (61, 512), (62, 1_024)])
def test_ids_of_every_size_are_told_by_the_distance_of_doubles(magnitude, spacing):
    ids = 2**magnitude + np.arange(1, 400, dtype=np.int64) * 1_234_567
    rounded = numbers(*(int(float(number)) for number in ids.tolist()))
    for orders, alarms in ((ids, 0), (rounded, 1), (rounded * 0 + 2**magnitude, 0)):
        rows = [(int(i), OPENING_NS, 1, 2_000, 2_000, 2_020, 5) for i in orders.tolist()]
        tally = count_rows("o.csv", "orders", order_rows(rows), DEFAULT_TICKS)
        found = check_ids(tally)
        assert len(found) == alarms
        assert all(f"{spacing:,}" in finding.found for finding in found)


def test_ids_that_end_in_zero_bits_by_design_lose_nothing():
    rows = [(2**62 + k * 2**20, OPENING_NS, 1, 2_000, 2_000, 2_020, 5) for k in range(200)]
    assert check_ids(count_rows("o.csv", "orders", order_rows(rows), DEFAULT_TICKS)) == []
