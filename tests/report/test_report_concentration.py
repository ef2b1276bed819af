"""Whose the sweeps are and whom they meet; if one participant has most, the answer says so."""

import pyarrow.parquet as pq
import pytest
from drawn_market import drawn_market
from report_folders import write_page
from rollup_folders import make_answer_folder

from sweep_dask.report.answer import largest_of
from sweep_dask.report.rollups import Rollups
from sweep_dask.terms.arms import REAL


def rollups_of(**shares):
    """Roll-ups of the tape, one sweep a participant: name -> shares."""
    arm = {"model": "tape", "scenario": None}
    rows = [
        {**arm, "segment": name, "n_sweeps": 1, "quantity": quantity, "filled_quantity": 1}
        for name, quantity in shares.items()
    ]
    return Rollups(by_all=[], segments={"participant": rows})


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({"p7": 68, "p8": 32}, ("p7", 0.68)),
        ({"p7": 32, "p8": 68}, ("p8", 0.68)),
        # Half is not more than half, nor is it one share short of that among many.
        ({"p7": 50, "p8": 50}, None),
        ({"p7": 2**53 + 1, "p8": 2**53 + 1}, None),
        ({"p7": 2**53 + 1, "p8": 2**53}, ("p7", 0.5)),
        # The unknown may be anybody; their shares count all the same.
        ({"p7": 32, "unknown": 68}, None),
        ({}, None),
    ],
)
def test_more_than_half_of_the_shares(shares, expected):
    found = largest_of(rollups_of(**shares), REAL)
    assert (found and (found.name, found.share)) == expected


def test_the_answer_names_the_largest_and_what_filled(tmp_path):
    market = drawn_market(80, is_continuous=True)
    for frame in market.values():
        frame.loc[0, ["participant", "quantity"]] = [77, 4 * frame["quantity"].sum()]
    real = market[REAL]
    real.loc[0, "filled_quantity"] = real.loc[0, "quantity"] // 500
    page = write_page(*make_answer_folder(tmp_path / "out", market))
    share = real.loc[0, "quantity"] / real["quantity"].sum()
    assert f"One participant entered {100 * share:.1f} % of the shares" in page.text
    assert f"(participant 77: {real.loc[0, 'quantity']:,} in 1 sweep, of which 0.2 % filled)" in (
        page.text
    )
    key = "by_participant/continuous/77/tape/quantity"
    assert page.numbers[key] == real.loc[0, "quantity"]


def test_where_nobody_has_most_nothing_is_said(page):
    assert "One participant entered" not in page.text


def test_both_shares_stand_beside_the_verdicts_whatever_they_are(page, answer_folder):
    path = answer_folder[0].tables / "rollups" / "by_choice.parquet"
    rows = {
        (r["scenario"], r["lifetime"], r["adoption"]): r for r in pq.read_table(path).to_pylist()
    }
    tape = rows["tape", "clock:5min", 0.0]["largest_participant_share"]
    assert f"Of the shares entered, {100 * tape:.1f} % are those of one participant" in page.text
    assert 0 < tape < 0.5
    names = {"dual-post": "dual post", "rest-dark": "rest dark", "dark-only": "dark only"}
    shares = {
        label: rows[arm, "clock:5min", 0.05]["largest_five_contras_share"]
        for arm, label in names.items()
    }
    first, second, third = (f"{100 * share:.1f} % ({label})" for label, share in shares.items())
    assert f"who give most give {first}, {second} and {third}." in page.text
    assert page.html.index('id="verdict-table"') < page.html.index('id="concentration"')
    assert page.html.index('id="concentration"') < page.html.index('id="matrices"')


def test_of_one_participant_only_those_it_meets_are_told(tmp_path):
    layout, manifest = make_answer_folder(tmp_path / "out")
    manifest["settings"]["adoption_participant"]["value"] = 7
    manifest["settings"]["lifetimes"]["value"] = ["clock:5min"]
    page = write_page(layout, manifest)
    assert "Of what sweeps fill in the dark, the five participants who give most give" in page.text
    assert "are those of one participant" not in page.text
