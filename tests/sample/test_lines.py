"""Rows of integers as lines of text, against Python's own formatting."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from sweep_dask.sample.lines import has_room, new_sheet, write_line
from sweep_dask.sample.records import table_type
from sweep_dask.schema import MISSING_INTEGER, NBBO, TRADES

INTEGERS = st.integers(MISSING_INTEGER, 2**63 - 1)
#: Numbers of every length, and those beside which the length changes.
BORDERS = [
    sign * (10**digits + step) for digits in range(19) for step in (-1, 0) for sign in (1, -1)
]


@njit
def write_all(sheet):
    for row in range(sheet.cells.shape[0]):
        write_line(sheet, row)


@njit
def fits(sheet, lines):
    return has_room(sheet, lines)


def text_of(table, lines, words=None):
    rows = np.array([tuple(line) for line in lines], table_type(table))
    sheet = new_sheet(table, rows, np.zeros(1 << 16, np.uint8), words or {})
    write_all(sheet)
    return sheet.text[: sheet.filled[0]].tobytes().decode()


@given(st.lists(st.tuples(*[INTEGERS] * len(NBBO.columns)), min_size=1, max_size=20))
def test_integers_are_written_as_python_writes_them(lines):
    assert text_of(NBBO, lines) == "".join(",".join(map(str, line)) + "\n" for line in lines)


def test_every_length_is_written():
    width = len(NBBO.columns)
    cells = [*BORDERS, *[MISSING_INTEGER, 2**63 - 1] * width]
    lines = [cells[first : first + width] for first in range(0, len(cells) - width, width)]
    assert text_of(NBBO, lines) == "".join(",".join(map(str, line)) + "\n" for line in lines)


def test_words_stand_for_cells():
    cells = dict.fromkeys((column.name for column in TRADES.columns), 0)
    words = {"exchangeinfo": {0: "ON Market"}, "sidedecoded": {1: "Buy", 2: "Sell"}}
    # A word's code means nothing in another column; 7 stands for no word.
    lines = [
        cells | {"side": 2, "sidedecoded": 2, "tradeprice": 21},
        cells | {"exchangeinfo": 7, "sidedecoded": 1, "tradeprice": 20},
    ]
    assert text_of(TRADES, [line.values() for line in lines], words) == (
        "0,0,0,0,0,0,0,0,ON Market,0,0,0,21,0,2,Sell,0,0,0\n"
        "0,0,0,0,0,0,0,0,,0,0,0,20,0,0,Buy,0,0,0\n"
    )


def test_room_is_asked_for_before_the_longest_lines_could_need_it():
    longest = [[MISSING_INTEGER] * len(TRADES.columns)] * 3
    rows = np.array([tuple(line) for line in longest], table_type(TRADES))
    sheet = new_sheet(TRADES, rows, np.zeros(3 * 1_024, np.uint8), {})
    assert fits(sheet, 3)
    assert not fits(sheet, 4)
    write_all(sheet)
    assert sheet.filled[0] <= sheet.text.size
    assert not fits(sheet, 3)
