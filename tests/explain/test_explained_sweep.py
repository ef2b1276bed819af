"""The story of one sweep of a market that can be followed by hand (`dark_markets`)."""

import json

import pytest
from dark_markets import EXPECTED
from explained import DAY, KEY, SECURITY, A, B, C, D, arms, fills_of, only_day, run_dark_market
from markets import FIRST_ID, OPENING_NS, SECOND
from running import invoke

import sweep_dask
from sweep_dask.explain.explanation import explain

MIDPOINT_X2, OFFER_X2 = 2010, 2020

#: B finds A as it arrives, takes 20 from the offer at once and 10 as it rests.
FROM_A = (20, 100, MIDPOINT_X2, "dark", "incoming", A)
LIT = [(20, 20, OFFER_X2, "lit", "incoming", None), (40, 10, OFFER_X2, "lit", "resting", None)]


def from_d(shares):
    """D arrives after 50 s and finds what of B rests in the dark."""
    return (50, shares, MIDPOINT_X2, "dark", "resting", D)


FILLS = {
    "tape": [FROM_A, *LIT],
    # That model gives to what is left in the end, 20, whatever arrives on the other side: D.
    "time-priority": [FROM_A, *LIT, from_d(20)],
    "as-entered": [FROM_A, *LIT],
    "dual-post": [FROM_A, *LIT, from_d(20)],
    "rest-dark": [FROM_A, LIT[0], from_d(30)],
    "dark-only": [FROM_A, from_d(50)],
}


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    return run_dark_market(tmp_path_factory.mktemp("by-hand"))


@pytest.fixture(scope="module")
def day(layout):
    return only_day(layout, B)


def test_what_it_is_and_asked_for(day):
    assert (day.date, day.security, day.order_id) == (DAY, SECURITY, B)
    assert (day.is_sweep, day.is_measured, day.is_affected) == (True, True, True)
    assert day.left_out is None
    terms = day.terms
    assert (terms.side, terms.kind, terms.quantity, terms.limit_x2) == ("buy", "sweep", 150, 2020)
    assert (terms.participant, terms.validity) == (51, "Rest of Day")


def test_the_quote_on_arrival_and_until_when_it_is_measured(day):
    arrival = day.arrival
    assert (arrival.bid_x2, arrival.offer_x2, arrival.midpoint_x2) == (2000, 2020, 2010)
    # 1000 to 1010 is two ticks of 5; marketable, as its limit is the offer.
    assert (arrival.spread_ticks, arrival.marketability) == (2, "marketable")
    assert arrival.time_ns == OPENING_NS[DAY] + 20 * SECOND
    # It would wait for five minutes, but the recording ends with the row that cancels it.
    assert day.end_ns == OPENING_NS[DAY] + 60 * SECOND


def test_its_rows(day):
    told = [(m.what, m.leaves_quantity, m.matched_quantity) for m in day.messages]
    assert told == [
        ("entered", 150, 0),
        ("traded", 30, 120),
        ("traded", 20, 130),
        ("cancelled by its owner", 20, 130),
    ]


@pytest.mark.parametrize("name", FILLS)
def test_its_fills(day, name):
    assert fills_of(arms(day)[name]) == FILLS[name]


def test_the_arms_are_all_there_are_in_their_order(day):
    assert list(arms(day)) == list(FILLS)
    for name, (dark, lit, left) in EXPECTED.items():
        arm = arms(day)[name]
        assert sum(f.quantity for f in arm.fills if f.venue == "dark") == dark
        assert sum(f.quantity for f in arm.fills if f.venue == "lit") == lit
        assert (arm.rest.quantity if arm.rest else 0) == left


def test_who_the_contras_are(day):
    by_id = {fill.contra_order_id: fill for arm in day.arms for fill in arm.fills}
    assert by_id[A].contra_kind == by_id[D].contra_kind == "dark order"
    assert by_id[A].contra_participant == 51
    assert by_id[None].contra_kind is None
    assert C not in by_id


def test_what_stopped_the_rest(day):
    rests = {name: arm.rest for name, arm in arms(day).items() if arm.rest}
    assert set(rests) == {"tape", "as-entered"}
    # B is cancelled after a minute with 20 left.
    assert (rests["tape"].reason, rests["tape"].rules) == ("cancelled by its owner", ("11.3",))
    # As it arrived, A was all there was; then it rests in the lit book alone.
    assert rests["as-entered"].reason == "no_contra"
    assert rests["as-entered"].rules == ("5.1", "S5", "10.6")


def test_its_costs_are_those_of_the_table(day, layout):
    table = sweep_dask.load(layout.root).table("sweep_metrics")
    rows = table[table["order_id"] == B]
    for name, arm in arms(day).items():
        row = rows[(rows["scenario"] == name) | (rows["scenario"].isna() & (rows["model"] == name))]
        for metric in ("implementation_shortfall_aud", "completed_shortfall_bps", "vwap"):
            assert arm.metrics[metric] == row[metric].item()


def test_the_text_fits_a_terminal_and_says_what_counts(layout):
    text = str(explain(layout, B))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == f"Order {B}: sweep, {DAY}, security 101"
    assert "Buys 150 at $1.0100 or better; participant 51; Rest of Day." in lines
    assert f"  10:00:20.000000007       100   1.0050 dark incoming  {A} p51" in lines
    assert f"  10:00:50.000000007        30   1.0050 dark resting   {D} p51" in lines
    assert "  20 left: cancelled by its owner, 20 left then (rules 11.3)." in lines
    # The replay as entered is right, and need not be read twice.
    assert text.count("the same fills as on the tape") == 1


def test_the_command_prints_the_text_or_the_document(layout):
    explanation = explain(layout, B)
    text = invoke("explain", B, "-o", layout.root)
    assert (text.exit_code, text.stdout) == (0, f"{explanation}\n")
    document = invoke("explain", B, "--json", SWEEP_OUTPUT=str(layout.root))
    assert json.loads(document.stdout) == json.loads(json.dumps(explanation.to_dict()))


def test_integers_stay_integers_in_the_document(layout):
    document = explain(layout, B).to_dict()
    fill = document["days"][0]["arms"][0]["fills"][0]
    assert fill["time_ns"] == OPENING_NS[DAY] + 20 * SECOND
    assert fill["time_local"] == "2024-10-04T10:00:20.000000007+10:00"
    assert (fill["contra_order_id"], fill["price_x2"]) == (A, MIDPOINT_X2)
    assert json.loads(json.dumps(document, allow_nan=False))["order_id"] == FIRST_ID + 2


def test_a_notebook_shows_the_text_and_a_chart(layout):
    explanation = sweep_dask.load(layout.root).explain(B)
    assert repr(explanation) == f"<Explanation of sweep {B} on {DAY}>"
    html = explanation._repr_html_()
    assert "Buys 150 at $1.0100 or better" in html
    assert html.count("<iframe") == 1
    assert "the tape and dark only" in html
    # The chart, in a page of its own that runs no script.
    assert "&lt;svg role=" in html
    assert "sandbox srcdoc=" in html
    assert f"Order {B} of security" in html
    assert "&lt;script" not in html


def test_without_readable_quotes_there_is_no_chart(layout, tmp_path):
    explanation = explain(layout, B)
    quotes = layout.processed(*KEY) / "nbbo.parquet"
    content = quotes.read_bytes()
    try:
        quotes.write_bytes(b"no file of quotes")
        assert "<iframe" not in explanation._repr_html_()
    finally:
        quotes.write_bytes(content)
