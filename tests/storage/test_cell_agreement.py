"""The fate of a row does not depend on its neighbours: both paths of reading agree."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ingesting import CENTRE_POINT_BITS
from markets import FIRST_ID, ORDER

from sweep_dask.schema import ORDERS, PARTICIPANTS, Kind
from sweep_dask.storage import validate as row_by_row
from sweep_dask.storage.blocks import Chunk
from sweep_dask.storage.cells import cells_of, number_of
from sweep_dask.storage.header import FileHeader
from sweep_dask.storage.header_columns import match_columns
from sweep_dask.storage.validate import validate_chunk

COLUMNS = [*ORDER, "midtick", "national_bid", "timevaliditydecoded", "not_read"]
GOOD = ORDER | {"midtick": 1, "national_bid": 990, "timevaliditydecoded": "Day", "not_read": "x"}
MISSING = "-9223372036854775808"

ODD_CELLS = [
    "", " ", "  5", "5 ", "+5", "-0", "0", "-1", "5.0", "5.", ".5", ".0", ".", "+", "-", "+-5",
    "--5", "5-3", "5 3", "1e3", "1E3", "inf", "-inf", "nan", "NA", "null", "True", "0x10", "1_000",
    "1,000", "9223372036854775807", "9223372036854775808", MISSING, "-9223372036854775809",
    "+" + MISSING, "-09223372036854775808", "18446744073709551615", "18446744073709551616",
    "12345678901234567890", "99999999999999999999", "-99999999999999999999", "0" * 25 + "7",
    "0" * 5_000 + "7", "9" * 5_000, "-" + "9" * 400, "1" * 140_000, "x" * 140_000,
    "٣", "\uff15", "\t", "\t5", "5\t", "5\r", "\r5", "\v5\f", "5\u00a0", "\u20035", "5\0", "\0",
    "\0\0", '"5"', '"5', '5"', '""', '" "', '""5""', '"5""', '"a,b"', '"a""b"', ' "5"', '"5" ',
    '"5"5', "'5'", "3330.5", "3330.25", "3330.50", "3330.05", "3330.5000000000000000000",
    "+3330.5", "-.5", "-0.0", "999999999999999", "1000000000000000", "99999999.5",
    "-99999999.5", "99999998.5", "-99999998.5", "99999999", "100000000", "-100000000",
    "0.1e1", "5.5.5", "\ufeff5", "\ufeff", "Zürich", "b\udcff", "NaT", "#5",
    "5#", "\\5", "2048", "64.0", "064", "2", "-64", '"2048"', '"2"', '"064"', ' "64"', '"64" ',
    '"64"5', '"6"4"', '"64""', '"64""5"', '" 64"', '"-64"', '""64', '-"64"', '"64', '"64"\t',
    '"64" 5', '"64"-', '"64,"', '"99999999999999999999"', '"64\r"',
]  # fmt: skip


def header_of(columns, table=ORDERS):
    fields = match_columns(columns, table, {}, SimpleNamespace(name="orders/o.csv"), "")
    return FileHeader(fields, len(columns), 0, has_rows=True)


HEADER = header_of(COLUMNS)


def line(**cells) -> bytes:
    row = GOOD | cells
    return ",".join(str(row[name]) for name in COLUMNS).encode("utf-8", "surrogateescape")


def validate(*lines, header=HEADER, table=ORDERS, ending=b"\n"):
    chunk = Chunk(ending.join([*lines, b""]), 0)
    return validate_chunk(chunk, header, table, CENTRE_POINT_BITS)


def fates(validated, lines):
    """What became of each line: its values, why it was rejected, or that it was filtered."""
    found = ["filtered"] * lines
    for number, row in zip(validated.lines, validated.rows.to_pylist(), strict=True):
        found[int(number)] = {name: repr(value) for name, value in row.items()}
    for reject in validated.rejects:
        found[reject.line] = (reject.reason, reject.column)
    assert validated.filtered.get("not_centre_point", 0) == found.count("filtered")
    return found


def fate(**cells):
    return fates(validate(line(**cells)), 1)[0]


changes = st.dictionaries(
    st.sampled_from(COLUMNS), st.sampled_from(ODD_CELLS) | st.text(max_size=4), max_size=3
).filter(lambda cells: not any("\n" in cell for cell in cells.values()))


def without_surrogates(cells):
    return {name: cell.encode("utf-8", "replace").decode() for name, cell in cells.items()}


@settings(max_examples=150)
@given(st.lists(changes.map(without_surrogates), min_size=1, max_size=6), st.booleans())
def test_a_row_meets_the_same_fate_alone_and_among_others(rows, returns):
    ending = b"\r\n" if returns else b"\n"
    lines = [line(**cells) for cells in rows]
    alone = [fates(validate(text, ending=ending), 1)[0] for text in lines]
    assert fates(validate(*lines, ending=ending), len(lines)) == alone


@pytest.mark.parametrize("column", COLUMNS)
def test_every_odd_cell_of_a_column_between_good_rows(column):
    lines, expected = [], []
    for cell in ODD_CELLS:
        alone = fates(validate(line(**{column: cell})), 1)[0]
        assert fates(validate(line(), line(**{column: cell}), line()), 3)[1] == alone, cell
        lines += [line(**{column: cell}), line()]
        expected += [alone, fate()]
    assert fates(validate(*lines), len(lines)) == expected


@pytest.mark.parametrize("cell", ODD_CELLS)
def test_neighbours_keep_their_nineteen_digits(cell):
    # One cell such as 1e3 can make a parser read the whole column as floats.
    rows = [
        line(order_id=FIRST_ID),
        *(line(**{name: cell}) for name in ("order_id", "sequence", "midtick", "price")),
        line(order_id=FIRST_ID + 1),
    ]
    validated = validate(*rows)
    kept = dict(zip(validated.lines.tolist(), validated.rows["order_id"].to_pylist(), strict=True))
    assert (kept[0], kept[5]) == (FIRST_ID, FIRST_ID + 1)


ACCEPTED_INTEGERS = {
    "5": 5,
    " 5 ": 5,
    "+5": 5,
    "-0": 0,
    '"5"': 5,
    "0" * 25 + "7": 7,
    "\t5": 5,
    "": None,
}
ACCEPTED_INTEGERS |= {MISSING: None, "9223372036854775807": 2**63 - 1, "-7": -7, '""': None}
REFUSED_INTEGERS = {
    "5.0": "not_a_number",
    "1e3": "not_a_number",
    "True": "not_a_number",
    "0x10": "not_a_number",
    "1_000": "not_a_number",
    "٣": "not_a_number",
    "NA": "not_a_number",
    "9223372036854775808": "out_of_range",
    "9" * 5_000: "out_of_range",
    "-9223372036854775809": "out_of_range",
    "5\0": "not_text",
    "b\udcff": "not_text",
}


@pytest.mark.parametrize(("cell", "value"), ACCEPTED_INTEGERS.items())
def test_optional_integers_that_can_be_read(cell, value):
    assert validate(line(midtick=cell)).rows["midtick"].to_pylist() == [value]


@pytest.mark.parametrize(("cell", "reason"), REFUSED_INTEGERS.items())
def test_integers_that_cannot(cell, reason):
    column = None if reason == "not_text" else "midtick"
    assert fate(midtick=cell) == (reason, column)


@pytest.mark.parametrize("cell", ["", " ", '""', MISSING, "\t"])
def test_a_required_integer_is_never_missing(cell):
    assert fate(quantity=cell) == ("missing_value", "quantity")


ACCEPTED_PRICES = {
    "3330": 3330.0,
    "3330.5": 3330.5,
    "3330.50": 3330.5,
    "5.": 5.0,
    ".5": 0.5,
    "": None,
}
ACCEPTED_PRICES |= {
    MISSING: None,
    "-0": 0.0,
    "+3330.5": 3330.5,
    "99999999": 99999999.0,
    "99999998.5": 99999998.5,
}
REFUSED_PRICES = {
    "3330.25": "not_a_half_unit",
    "3330.05": "not_a_half_unit",
    "100000000": "out_of_range",
    "99999999.5": "out_of_range",
    "100000000.25": "out_of_range",
    "-1": "out_of_range",
    "-.5": "out_of_range",
    "9" * 400: "out_of_range",
    "inf": "not_a_number",
    "nan": "not_a_number",
    "1e3": "not_a_number",
    ".": "not_a_number",
}


@pytest.mark.parametrize(("cell", "value"), ACCEPTED_PRICES.items())
def test_prices_that_can_be_read(cell, value):
    assert validate(line(price=cell)).rows["price"].to_pylist() == [value]
    # The same where a neighbour makes the column be read as text.
    assert validate(line(price=cell), line(price="7.5")).rows["price"].to_pylist() == [value, 7.5]


@pytest.mark.parametrize(("cell", "reason"), REFUSED_PRICES.items())
def test_prices_that_cannot(cell, reason):
    assert fate(price=cell) == (reason, "price")


def test_a_quote_below_zero_is_read_to_be_none():
    for cell in ("-1", "-.5", "-99999998.5", "-99999999"):
        assert validate(line(national_bid=cell)).rows["national_bid"].to_pylist() == [float(cell)]
    assert fate(national_bid="-99999999.5") == ("out_of_range", "national_bid")


def test_values_outside_what_a_column_can_mean():
    assert fate(quantity="-1") == ("out_of_range", "quantity")
    assert fate(side="3") == ("out_of_range", "side")
    assert fate(security_code=str(2**31)) == ("out_of_range", "security_code")
    assert fate(totalmatchedquantity="-1") == ("out_of_range", "totalmatchedquantity")
    # The extracts may say that less than nothing is left; such a sweep has nothing to match.
    assert validate(line(leavesquantity="-1")).rows["leavesquantity"].to_pylist() == [-1]
    # A time in milliseconds.
    assert fate(timestamp="1728000000000") == ("out_of_range", "timestamp")


def test_text_is_kept_without_the_blanks_around_it_and_blank_text_is_missing():
    texts = ["Good till", "", "NA", '"a, b"', "Zürich", "5.0", '"say ""so""" ']
    rows = validate(*(line(timevaliditydecoded=text) for text in texts)).rows
    assert rows["timevaliditydecoded"].to_pylist() == [
        "Good till", None, "NA", "a, b", "Zürich", "5.0", 'say "so"',
    ]  # fmt: skip


# The order in which a row is validated: fields, order type code, filter, all other values.


def test_number_of_fields_comes_first():
    text = line(exchangeordertype="?", price="bad") + b",one more"
    assert fates(validate(text), 1) == [("wrong_field_count", None)]
    unclosed = line(exchangeordertype=0, not_read='"never closed')
    assert fates(validate(unclosed), 1) == [("wrong_field_count", None)]


def test_the_order_type_code_comes_before_the_filter():
    assert fate(exchangeordertype="lit") == ("not_a_number", "exchangeordertype")
    assert fate(exchangeordertype="") == ("missing_value", "exchangeordertype")


@pytest.mark.parametrize("cells", [{"price": "bad"}, {"quantity": ""}, {"not_read": "b\udcff\0"}])
def test_a_lit_row_with_a_bad_value_is_filtered(cells):
    assert fate(exchangeordertype=0, **cells) == "filtered"
    assert fate(exchangeordertype=2, **cells) == "filtered"


def test_the_first_bad_value_in_the_order_of_the_schema_is_named():
    assert fate(price="bad", quantity="worse") == ("not_a_number", "price")
    turned = header_of(COLUMNS[::-1])
    cells = line(price="bad", quantity="worse").split(b",")[::-1]
    assert fates(validate(b",".join(cells), header=turned), 1) == [("not_a_number", "price")]


def test_short_sell_siblings_are_centre_point():
    rows = validate(*(line(exchangeordertype=code) for code in (66, 2050, 4098, 256, 0, 2))).rows
    assert rows["exchangeordertype"].to_pylist() == [66, 2050, 4098, 256]


def test_a_chunk_of_rejects_alone_has_typed_empty_columns():
    validated = validate(line(quantity="bad"))
    assert (len(validated.rows), validated.n_read) == (0, 1)
    assert validated.rows.schema == validate(line()).rows.schema
    # Also where the first column of the file is not read.
    turned = validate(
        b",".join(line(quantity="bad").split(b",")[::-1]), header=header_of(COLUMNS[::-1])
    )
    assert turned.rows.schema == validated.rows.schema


def test_other_columns_of_a_dated_table_are_kept_as_text():
    header = header_of(["TradeDate", "Id", " Name ", "Country"], PARTICIPANTS)
    text = f"{ORDER['timestamp']},51,Broker,007".encode()
    rows = validate(text, header=header, table=PARTICIPANTS).rows
    assert rows.to_pylist() == [
        {"TradeDate": ORDER["timestamp"], "Id": 51, "Name": "Broker", "Country": "007"}
    ]


def test_a_byte_order_mark_in_a_row_is_text():
    header = header_of(["Name", "TradeDate", "Id"], PARTICIPANTS)
    text = f"\ufeffBroker,{ORDER['timestamp']},51".encode()
    rows = validate(text, text, header=header, table=PARTICIPANTS).rows
    assert rows["Name"].to_pylist() == ["\ufeffBroker"] * 2


@pytest.fixture
def validated_lines(monkeypatch):
    """Lines that were validated by themselves."""
    lines, validate_line = [], row_by_row.validate_line

    def noted(text, *arguments):
        lines.append(text)
        return validate_line(text, *arguments)

    monkeypatch.setattr(row_by_row, "validate_line", noted)
    return lines


SPELLINGS = {
    "quoted": lambda cell: b'"%s"' % cell,
    "quoted within spaces": lambda cell: b'  " %s "  ' % cell,
    "padded": lambda cell: b"  %s " % cell,
    "signed": lambda cell: b"+%s" % cell if cell.isdigit() else cell,
    "with zeros": lambda cell: b"%019d" % int(cell) if cell.isdigit() else cell,
}


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"], ids=repr)
def test_ways_to_spell_a_number_are_all_read_by_the_scan(validated_lines, spelled, ending):
    rows = [
        {},
        {"exchangeordertype": 2},
        {"price": "3330.5"},
        {"national_bid": "", "midtick": ""},
        {"national_bid": MISSING, "midtick": MISSING},
        {"price": ".500", "bid": "-12.500", "offer": "7."},
    ]
    lines = [line(**cells) for cells in rows]
    expected = validate(*lines).rows
    assert expected["price"].to_pylist() == [1000, 3330.5, 1000, 1000, 0.5]
    assert expected["bid"].to_pylist()[-1] == -12.5
    validated = validate(
        *(b",".join(map(spelled, one.split(b","))) for one in lines), ending=ending
    )
    assert validated.rows.equals(expected)
    assert validated.filtered == {"not_centre_point": 1}
    assert validated_lines == []


def test_only_doubtful_lines_are_validated_by_themselves(validated_lines):
    bad, tabbed, foreign = line(price="1e3"), line(midtick="\t5"), line(not_read="Zürich")
    validated = validate(
        line(), bad, line(exchangeordertype=2, price="bad"), tabbed, foreign, line()
    )
    assert validated_lines == [bad, tabbed, foreign]
    assert validated.rows["midtick"].to_pylist() == [1, 5, 1, 1]
    assert fates(validated, 6)[1] == ("not_a_number", "price")


@settings(max_examples=500)
@given(
    st.sampled_from(["midtick", "quantity", "side", "price", "national_bid", "exchangeordertype"]),
    st.text(' "+-.05\r\t', max_size=8) | st.from_regex(r'[ "]?[+-]?[0-9]{0,21}\.?[05]*[ "]?'),
)
def test_the_scan_and_the_row_by_row_path_read_a_cell_alike(name, cell):
    cell = cell.replace("\n", "")
    text = line(**{name: cell})
    validation = row_by_row.validate_line(text, HEADER, ORDERS, CENTRE_POINT_BITS)
    (found,) = fates(validate(text), 1)
    if validation.reason is not None:
        assert found == (validation.reason, validation.column)
    elif not validation.centre_point:
        assert found == "filtered"
    else:
        column = ORDERS.column(name)
        number = number_of(cells_of(text.decode(), ",")[COLUMNS.index(name)], column)
        value = number / 2 if column.kind is Kind.PRICE else number
        assert found[name] == repr(None if number == int(MISSING) else value)


def test_raw_text_is_cut_at_a_thousand_characters():
    reject = validate(line(quantity="bad", not_read="é" * 3_000)).rejects[0]
    assert len(reject.raw) == 1_000
