"""Times and prices in other units, other delimiters: exact, and the same on both paths."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ingesting import CENTRE_POINT_BITS
from markets import OPENS_NS, ORDER
from test_cell_agreement import COLUMNS, GOOD, ODD_CELLS, fates, header_of

from sweep_dask.schema import NBBO, ORDERS, PRICE_LIMIT
from sweep_dask.storage.blocks import Chunk
from sweep_dask.storage.cells import validate_cell
from sweep_dask.storage.header import FileHeader
from sweep_dask.storage.header_columns import with_units
from sweep_dask.storage.units import Unit, UnparsableError, standard_cell, standard_cells
from sweep_dask.storage.validate import validate_chunk

TIME, PRICE, DATE = ORDERS.column("timestamp"), ORDERS.column("price"), NBBO.column("tradedate")
ISO_CELLS = [
    "2024-10-04T10:00:00+10:00", "2024-10-04 10:00:00.5Z", "2024-10-04T10:00:00,123456789 -0330",
    "2024-10-04T10:00:00", "2024-10-04", "2024-02-30T10:00:00Z", "2024-10-04T24:00:00Z",
    "2024-10-04T10:00:60Z", "2024-10-04T10:00:00.1234567890Z", "2024-10-04T10:00:00+10",
    "2024-10-04T10:00Z", "1000-01-01T00:00:00Z", "2999-12-31T00:00:00Z", "2024-13-01T00:00:00Z",
    "2024-02-30", " 2024-10-04T10:00:00Z\t", "2024-10-04T10:00:00 Z", "2024-10-04T10:00:00.Z",
    "٢024-10-04T10:00:00Z", "2024-10-04T10:00:00Z\n"[:-1] + "x",
]  # fmt: skip
DECIMAL_CELLS = [
    "33.305", "33.3051", "33.30500", "33.305000000001", ".5", "5.", ".", "+1.5", "-1.5", "33,305",
    "1.5.5", "1e3", "0.0005", "1728000000.000000007", "1728000000.0000000071",
    "1728000000.00000000700", "1728000000", "1728000000000", "9" * 30 + "." + "9" * 30,
]  # fmt: skip
CELLS = [*ODD_CELLS, *ISO_CELLS, *DECIMAL_CELLS]
ISO, SYDNEY = Unit("iso"), Unit("iso", zone="Australia/Sydney")
UNITS = [(TIME, Unit(unit)) for unit in ("us", "ms", "s", "iso")]
UNITS += [(PRICE, Unit("cent")), (PRICE, Unit("dollar")), (DATE, ISO), (DATE, Unit("s"))]
UNITS += [(TIME, SYDNEY), (DATE, SYDNEY), (TIME, Unit("ms", ",")), (PRICE, Unit("dollar", ","))]
UNITS += [(PRICE, Unit("tenth_cent", ","))]


def converted_at_once(cell, column, unit):
    try:
        return standard_cells(pa.array([cell], pa.string()), column, unit)[0].as_py()
    except UnparsableError:
        return None


def is_text(cell):
    return cell.isascii() or cell.encode("utf-8", "ignore").decode() == cell


def same_fate(alone, at_once, column):
    """Equal values, or neither can be used; which of the reasons it is the slow way says."""
    if alone is None or at_once is None:
        return (alone is None or validate_cell(alone, column) is not None) and (
            at_once is None or validate_cell(at_once, column) is not None
        )
    return alone == at_once


@pytest.mark.parametrize(("column", "unit"), UNITS)
def test_one_cell_and_many_are_converted_alike(column, unit):
    for cell in filter(is_text, CELLS):
        alone = standard_cell(cell, column, unit)
        assert same_fate(alone, converted_at_once(cell, column, unit), column), cell


@settings(max_examples=300)
@given(st.sampled_from(UNITS), st.text("0123456789.,-+:TZ e", max_size=32))
def test_any_text_is_converted_alike(kind, cell):
    column, unit = kind
    alone = standard_cell(cell, column, unit)
    assert same_fate(alone, converted_at_once(cell, column, unit), column)


# Exact there and back: the expected numbers come from whole numbers, never from the conversion.


@settings(max_examples=200)
@given(
    st.integers(946_684_800 * 10**9, 4_102_444_800 * 10**9 - 1),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from("T "),
)
def test_iso_times_are_exact_to_the_nanosecond(ns, offset_minutes, between):
    zone = dt.timezone(dt.timedelta(minutes=offset_minutes))
    local = dt.datetime.fromtimestamp(ns // 10**9, tz=zone)
    text = f"{local:%Y-%m-%d{between}%H:%M:%S}.{ns % 10**9:09d}{local:%z}"
    assert standard_cell(text, TIME, ISO) == str(ns) == converted_at_once(text, TIME, ISO)


@settings(max_examples=200)
@given(st.integers(0, 2 * PRICE_LIMIT - 2), st.sampled_from([("cent", 1), ("dollar", 3)]))
def test_prices_are_exact_to_the_half_unit(price_x2, unit):
    name, places = unit
    in_unit = Decimal(price_x2) / 2 / 10**places
    for text in (f"{in_unit:f}", f"{in_unit:f}0" if "." in f"{in_unit:f}" else f"{in_unit:f}.0"):
        for cell, in_unit in ((text, Unit(name)), (text.replace(".", ","), Unit(name, ","))):
            found = standard_cell(cell, PRICE, in_unit)
            assert Decimal(found) * 2 == price_x2
            assert validate_cell(found, PRICE) is None
            assert Decimal(converted_at_once(cell, PRICE, in_unit)) * 2 == price_x2


@pytest.mark.parametrize(
    ("cell", "unit", "value"),
    [
        ("1728000000000", "ms", 1_728_000_000 * 10**9),
        ("1728000000.000000007", "s", OPENS_NS),
        ("1728000000000000.007", "us", OPENS_NS),
        ("2024-10-04T10:00:00.000000007+10:00", "iso", OPENS_NS),
        ("2024-10-04 00:00:00.000000007Z", "iso", OPENS_NS),
    ],
)
def test_times_by_hand(cell, unit, value):
    assert standard_cell(cell, TIME, Unit(unit)) == str(value)


@pytest.mark.parametrize(
    ("column", "unit", "cell", "reason"),
    [
        ("timestamp", "iso", "2024-10-04T10:00:00", "not_a_time"),  # whose ten o'clock?
        ("timestamp", "iso", str(OPENS_NS), "not_a_time"),
        ("timestamp", "iso", "2024-02-30T10:00:00Z", "not_a_time"),
        ("timestamp", "iso", "2024-10-04", "not_a_time"),
        ("timestamp", "iso", "1066-10-14T10:00:00Z", "out_of_range"),
        ("timestamp", "s", "1728000000.0000000071", "not_a_number"),
        ("timestamp", "ms", "", "missing_value"),
        ("price", "dollar", "33.3051", "not_a_half_unit"),
        ("price", "dollar", "33,305", "not_a_number"),
        ("price", "cent", "9" * 15, "out_of_range"),
    ],
)
def test_what_is_not_exact_is_refused(column, unit, cell, reason):
    lines = [in_units(";", column, unit, cell), in_units(";", column, unit)]
    header = header_in({"time" if column == "timestamp" else "price": unit}, ";")
    found = fates(validate_lines(lines, header), 2)
    assert found[0][:2] == (reason, column)
    assert isinstance(found[1], dict)


def test_a_trade_date_may_be_a_date_alone():
    for unit in (ISO, SYDNEY):
        assert standard_cell("2024-10-04", DATE, unit) == "1728000000000000000"
        assert converted_at_once("2024-10-04", DATE, unit) == "1728000000000000000"


@settings(max_examples=200)
@given(st.integers(946_684_800, 4_102_444_800), st.sampled_from(["Australia/Sydney", "UTC"]))
def test_local_times_are_those_of_their_zone(seconds, name):
    local = dt.datetime.fromtimestamp(seconds, tz=ZoneInfo(name))
    unit = Unit("iso", zone=name)
    text = f"{local:%Y-%m-%d %H:%M:%S}.000000007"
    is_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    found = standard_cell(text, TIME, unit), converted_at_once(text, TIME, unit)
    assert found == ((None, None) if is_twice else (f"{seconds}000000007",) * 2)


@pytest.mark.parametrize(
    ("cell", "ns"),
    [
        # Clocks go forward at 2:00 on 6 October 2024, to UTC+11, and back at 3:00 on 7 April.
        ("2024-10-06 01:59:59", 1_728_143_999 * 10**9),
        ("2024-10-06 02:00:00", None),
        ("2024-10-06 02:59:59", None),
        ("2024-10-06 03:00:00", 1_728_144_000 * 10**9),
        ("2024-04-07 01:59:59", 1_712_415_599 * 10**9),
        ("2024-04-07 02:30:00", None),
        ("2024-04-07 03:00:00", 1_712_422_800 * 10**9),
        ("2024-04-07 02:30:00+10:00", 1_712_421_000 * 10**9),
    ],
)
def test_local_times_at_the_change_of_clocks(cell, ns):
    expected = None if ns is None else str(ns)
    assert standard_cell(cell, TIME, SYDNEY) == expected == converted_at_once(cell, TIME, SYDNEY)


@pytest.mark.parametrize(
    ("cell", "unit", "reason"),
    [
        ("3330.5", Unit("tenth_cent", ","), "not_a_number"),  # no decimal sign here
        ("3.330,5", Unit("tenth_cent", ","), "not_a_number"),
        ("3330,5", Unit("tenth_cent", ","), None),
        ("3330,51", Unit("tenth_cent", ","), "not_a_half_unit"),
        ("33.305", Unit("dollar", ","), "not_a_number"),
        ("-9223372036854775808", Unit("dollar", ","), None),
    ],
)
def test_a_decimal_comma_leaves_no_doubt(cell, unit, reason):
    assert validate_cell(standard_cell(cell, PRICE, unit), PRICE) == reason
    assert same_fate(standard_cell(cell, PRICE, unit), converted_at_once(cell, PRICE, unit), PRICE)


# Whole lines.


SPELLED = {
    "iso": "2024-10-04T10:00:00.000000007+10:00", "s": "1728000000.000000007",
    "ms": "1728000000000.000007", "dollar": "1", "cent": "100",
}  # fmt: skip


def header_in(units, delimiter):
    header = header_of(COLUMNS)
    return FileHeader(with_units(header.fields, units), len(COLUMNS), 0, True, delimiter)


def in_units(delimiter, column, unit, cell=None, **cells):
    row = GOOD | cells
    row[column] = SPELLED[unit] if cell is None else cell
    if column == "price" and unit in ("cent", "dollar"):
        row |= dict.fromkeys(("bid", "offer", "national_bid"), SPELLED[unit])
    spelled = [
        f'"{row[name]}"' if delimiter in str(row[name]) else str(row[name]) for name in COLUMNS
    ]
    return delimiter.join(spelled).encode("utf-8", "surrogateescape")


def validate_lines(lines, header):
    return validate_chunk(Chunk(b"\n".join([*lines, b""]), 0), header, ORDERS, CENTRE_POINT_BITS)


CELL = st.sampled_from(CELLS) | st.text(max_size=6)
ROW = st.dictionaries(st.sampled_from(COLUMNS), CELL, max_size=3).filter(
    lambda cells: not any("\n" in cell or "\udcff" in cell for cell in cells.values())
)


@settings(max_examples=150)
@given(
    st.lists(ROW, min_size=1, max_size=5),
    st.sampled_from(";\t|,"),
    st.sampled_from([{"time": "iso", "price": "dollar"}, {"time": "s", "price": "cent"}, {}]),
)
def test_a_row_meets_the_same_fate_alone_and_among_others(rows, delimiter, units):
    header = header_in(units, delimiter)
    default = {"timestamp": SPELLED[units["time"]]} if units else {}
    lines = [
        delimiter.join(str((GOOD | default | cells)[name]) for name in COLUMNS).encode()
        for cells in rows
    ]
    alone = [fates(validate_lines([text], header), 1)[0] for text in lines]
    assert fates(validate_lines(lines, header), len(lines)) == alone


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("column", ["timestamp", "price", "midtick", "timevaliditydecoded"])
def test_every_odd_cell_behind_every_delimiter(delimiter, column):
    units = {"time": "iso", "price": "dollar"}
    header = header_in(units, delimiter)

    def line(**cells):
        row = GOOD | {"timestamp": SPELLED["iso"]} | cells
        return delimiter.join(str(row[name]) for name in COLUMNS).encode("utf-8", "surrogateescape")

    good = fates(validate_lines([line()], header), 1)[0]
    for cell in CELLS:
        text = line(**{column: cell})
        alone = fates(validate_lines([text], header), 1)[0]
        assert fates(validate_lines([line(), text, line()], header), 3) == [good, alone, good], cell


def test_semicolon_dollars_and_iso_give_the_row_of_the_extract():
    plain = header_of(list(ORDER))
    row = ORDER | {"price": 33305, "bid": "33300", "offer": "33310.5"}
    expected = validate_lines([",".join(map(str, row.values())).encode()], plain).rows
    row |= {"price": "33.305", "bid": "33.3", "offer": "33.3105", "timestamp": SPELLED["iso"]}
    fields = with_units(plain.fields, {"time": "iso", "price": "dollar"})
    header = FileHeader(fields, len(row), 0, True, ";")
    assert validate_lines([";".join(map(str, row.values())).encode()], header).rows.equals(expected)
