"""First and last states against pandas' own groupby."""

import numpy as np
import pandas as pd
from framed import order_states, to_table
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask.analysis.time_priority import states
from sweep_dask.analysis.time_priority.states import rows_by_order

BIG = 7_904_794_000_123_498_601

events = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(0, 3),
        st.one_of(st.none(), st.integers(0, 9)),
        st.one_of(st.none(), st.integers(0, 9)),
        st.one_of(st.none(), st.sampled_from("abc")),
    ),
    max_size=20,
)


def table_of(rows):
    """Orders from (order, timestamp, participant, price_x2, text), the latter three with gaps."""
    columns = list(zip(*rows, strict=True)) or [()] * 5
    return pd.DataFrame(
        {
            "quantity": pd.array([BIG + number for number in range(len(rows))], dtype="int64"),
            "order_id": pd.array([BIG + number for number in columns[0]], dtype="int64"),
            "timestamp": pd.array(columns[1], dtype="int64"),
            "sequence": pd.array(range(len(rows)), dtype="int64"),
            "participantid": pd.array(columns[2], dtype="Int64"),
            "price": np.array(columns[3], dtype="float64") / 2,
            "text": pd.Series(columns[4], dtype="str"),
        }
    )


@given(events)
def test_states_are_the_first_and_last_known_values(rows):
    orders = table_of(rows)
    found = order_states(orders, rows_by_order(orders))
    by_time = orders.sort_values(["timestamp", "sequence"]).groupby("order_id", as_index=False)
    for actual, expected in ((found.first, by_time.first()), (found.last, by_time.last())):
        assert list(actual.columns) == list(expected.columns)
        for name in actual.columns:
            assert actual[name].isna().tolist() == expected[name].isna().tolist()
            assert actual[name].dropna().tolist() == expected[name].dropna().tolist()


def test_types_stay():
    orders = to_table(table_of([(0, 5, None, 1, "a"), (0, 6, 2, None, None)]))
    found_states = states.order_states(orders, rows_by_order(orders))
    for found in (found_states.first, found_states.last):
        assert found.schema.field("order_id").type == "int64"
        assert found.select(orders.column_names).schema == orders.schema


def test_the_sequence_breaks_ties_of_the_timestamp():
    # Engine order says the row with sequence 3 is later, though it comes first in the table.
    orders = table_of([(0, 5, 1, 1, "a"), (0, 5, 2, 2, "b")]).assign(sequence=[3, 2])
    found = order_states(orders, rows_by_order(orders))
    assert found.first["text"].tolist() == ["b"]
    assert found.last["text"].tolist() == ["a"]
