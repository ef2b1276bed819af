"""Every number of the page is one query over the tables of the run."""

import duckdb
import pyarrow.parquet as pq
import pytest
from drawn_market import drawn_market
from report_folders import write_page
from rollup_folders import make_answer_folder

from sweep_dask.report.effects import METRICS
from sweep_dask.report.measures import MEASURES
from sweep_dask.terms.dimensions import DIMENSIONS, POPULATIONS

#: The first quarter whose bound the quantity does not exceed; bounds are of the security-day.
QUARTER = """(SELECT 'Q' || (1 + count(*)) FROM range(1, 4) cuts(cut) WHERE quantity > (
    SELECT quantile_disc(o.quantity, [0.25, 0.5, 0.75])[cut] FROM sweeps o
    WHERE o.arm = 'tape' AND o.date = sweeps.date AND o.security = sweeps.security))"""
#: How a segment is chosen among the sweeps.
COLUMNS = {
    "marketability": "marketability",
    "day": "date",
    "security": "security",
    "participant": "participant",
    "hour": "hour",
    "size": "size_class",
    "outcome": "real_outcome",
    "spread": "spread_class",
    "size_quantile": QUARTER,
    "side": "side",
    "short_sell": "CASE WHEN is_short_sell THEN 'short sell' ELSE 'not short sell' END",
}


@pytest.fixture(scope="module")
def sweeps(answer_folder):
    """A connection with the view `sweeps`, which names its arms."""
    path = answer_folder[0].tables / "sweep_metrics.parquet"
    connection = duckdb.connect()
    connection.execute(
        "CREATE VIEW sweeps AS SELECT *, coalesce(scenario, model) AS arm "
        f"FROM read_parquet('{path}')"
    )
    return connection


def measured_keys(page, *tables):
    """Keys that end with a measure of an arm, split into their parts."""
    parts = (key.split("/") for key in page.numbers)
    return [key for key in parts if key[0] in tables and key[-1] in MEASURES]


def same(found, expected, name=""):
    # A median is told by eight binary digits.
    error = 2**-8 if "median" in name else 1e-9
    return (found is None) == (expected is None) and (
        found is None or found == pytest.approx(expected, rel=error, abs=1e-9)
    )


def test_numbers_of_the_lines(page, sweeps):
    keys = measured_keys(page, "by_all")
    assert len(keys) > 100
    for key in keys:
        _, population, _, arm, name = key
        query = f"""SELECT {MEASURES[name].sql} FROM sweeps
            WHERE {POPULATIONS[population].query} AND arm = '{arm}'"""
        expected = sweeps.execute(query).fetchone()[0]
        assert same(page.numbers["/".join(key)], expected, name), (key, expected)


def test_every_number_of_an_arm_has_a_query_or_is_a_column(page, answer_folder):
    keys = [key.split("/") for key in page.numbers if key.startswith("by_")]
    rollups = answer_folder[0].tables / "rollups"
    known = {
        name: {*MEASURES, *pq.read_schema(rollups / f"{name}.parquet").names}
        for name in {key[0] for key in keys} - {"by_choice"}
    }
    assert [key for key in keys if key[0] in known and key[-1] not in known[key[0]]] == []


def test_every_kind_of_segments_is_checked():
    assert COLUMNS.keys() == DIMENSIONS.keys()


def test_numbers_of_the_segments(page, sweeps):
    keys = measured_keys(page, *(f"by_{name}" for name in COLUMNS))
    assert len(keys) > 300
    assert {key[0] for key in keys[::7]} == {f"by_{name}" for name in COLUMNS}
    for key in keys[::7]:
        table, population, segment, arm, name = key
        query = f"""SELECT {MEASURES[name].sql} FROM sweeps
            WHERE {POPULATIONS[population].query} AND arm = '{arm}'
            AND ({COLUMNS[table.removeprefix("by_")]})::VARCHAR = '{segment}'"""
        expected = sweeps.execute(query).fetchone()[0]
        assert same(page.numbers["/".join(key)], expected, name), (key, expected)


def test_effects_are_simulated_minus_reference(page, sweeps):
    keys = [key.split("/") for key in page.numbers if key.endswith("/mean")]
    assert len(keys) == 5 * len(METRICS)
    for key in keys:
        _, population, reference, arm, _, _, metric, _ = key
        query = f"""SELECT avg(s.{metric} - r.{metric}) FROM sweeps r JOIN sweeps s
            USING (date, security, order_id)
            WHERE r.{POPULATIONS[population].query}
            AND r.arm = '{reference}' AND s.arm = '{arm}'"""
        assert same(page.numbers["/".join(key)], sweeps.execute(query).fetchone()[0]), key


def test_intervals_and_p_values_are_those_of_the_table(page, answer_folder):
    path = answer_folder[0].tables / "rollups" / "comparisons.parquet"
    rows = pq.read_table(path, filters=[("dimension", "==", "all")]).to_pylist()
    checked = 0
    for row in rows:
        if row["population"] == "continuous":
            arm = row["scenario"] or row["model"]
            key = f"comparisons/continuous/{row['reference']}/{arm}/all/all/{row['metric']}"
            if f"{key}/mean" in page.numbers:
                for name in ("low", "high", "p_holm", "cohen_d_z"):
                    assert page.numbers[f"{key}/{name}"] == row[name]
                checked += 1
    assert checked == 5 * len(METRICS)


def test_a_shortfall_is_of_the_sweeps_that_have_it(page, market):
    """Some have a midpoint on arrival and none to mark what is left to."""
    real = next(iter(market.values()))
    real = real[real["is_continuous"]]
    paper = real["arrival_midpoint"] * real["quantity"] / 1000
    for name in ("implementation_shortfall", "completed_shortfall"):
        has = real[f"{name}_aud"].notna()
        assert not has.all()
        expected = 10_000 * real[f"{name}_aud"].sum() / paper[has].sum()
        shown = page.numbers[f"by_all/continuous/all/tape/{name}_bps"]
        assert shown == pytest.approx(expected, rel=1e-12)


def test_unfilled_sweeps_and_those_with_a_dark_fill(page, sweeps):
    query = """SELECT count(*), sum(unfilled_quantity) FROM sweeps
        WHERE is_continuous AND arm = 'rest-dark' AND unfilled_reason = 'limit'"""
    found = [
        page.numbers[f"unfilled/continuous/rest-dark/limit/{name}"]
        for name in ("n_sweeps", "unfilled_quantity")
    ]
    assert tuple(found) == sweeps.execute(query).fetchone()
    query = """SELECT count(*) FILTER (r.dark_quantity > 0 AND s.dark_quantity > 0),
            count(*) FILTER (r.dark_quantity = 0 AND s.dark_quantity > 0)
        FROM sweeps r JOIN sweeps s USING (date, security, order_id)
        WHERE r.is_continuous AND r.arm = 'as-entered' AND s.arm = 'dual-post'"""
    key = "engagement/continuous/as-entered/dual-post"
    found = [page.numbers[f"{key}/{name}"] for name in ("both", "simulated_only")]
    assert tuple(found) == sweeps.execute(query).fetchone()


def test_verdicts_are_shares_of_the_pairs(page, sweeps):
    query = """SELECT count(*) FILTER (s.fill_ratio > r.fill_ratio) / count(*)
        FROM sweeps r JOIN sweeps s USING (date, security, order_id)
        WHERE r.is_continuous AND r.arm = 'as-entered' AND s.arm = 'rest-dark'"""
    key = "comparisons/continuous/as-entered/rest-dark/all/all/fill_ratio/n_better_share"
    assert same(page.numbers[key], sweeps.execute(query).fetchone()[0])


def test_quantities_beyond_a_float_stay_exact(tmp_path):
    market = drawn_market(3, quantity=2**53 + 1, is_continuous=True)
    page = write_page(*make_answer_folder(tmp_path / "out", market))
    shown = f"{3 * (2**53 + 1):,}"
    assert shown in page.text
    assert f'data-value="{3 * (2**53 + 1)}"' in page.html
