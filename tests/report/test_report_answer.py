"""The first section answers: what filled, what is decided, and what turns the rest."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawn_market import drawn_market
from report_folders import partition_entry, write_page
from rollup_folders import make_answer_folder
from running import as_printed

from sweep_dask.analysis.centre_point.choices import DEFAULT_CHOICES
from sweep_dask.report.effects import METRICS
from sweep_dask.report.rollups import read_rollups
from sweep_dask.report.verdicts import looked_at, verdicts_of
from sweep_dask.report.wording import WORDS
from sweep_dask.study.answer_summary import describe_answer
from sweep_dask.terms.arms import ARMS, ASSUMPTIONS, REAL, REPLAYED, SCENARIOS, arms_of
from sweep_dask.terms.choices import SWITCHES
from sweep_dask.terms.dimensions import POPULATIONS
from sweep_dask.terms.metrics import ANSWER, HEADLINE

ROBUSTNESS_KEY = ("scenario", "metric", "weight", "lifetime", "adoption", "switch")
#: One group and everybody under each lifetime, two other shares under the answer's own, and four
#: assumptions with one group and with everybody: 22 by 2, as dollars go the way of the value.
LOOKED_AT = "44 choices (6 lifetimes, 4 shares, 2 weights, 4 assumptions, not each with each)"
TERMINAL_NAMES = {
    "fill_ratio": "fill ratio",
    "implementation_shortfall_bps": "shortfall",
    "completed_shortfall_bps": "rest traded",
}
NAMES = ["Tape", "Time priority", "As entered", "Dual post", "Rest dark", "Dark only"]


def page_of(root, **market):
    return write_page(*make_answer_folder(root, drawn_market(120, **market)))


def verdict_rows(page):
    """Scenario, metric and verdict."""
    return [[row[0], row[1].split("shortfall")[0], row[2]] for row in page.rows("verdict-table")]


def test_words_cover_every_arm_and_metric():
    assert list(WORDS) == [arm.name for arm in ARMS]
    assert METRICS.keys() == set(HEADLINE)


def test_what_really_filled(page, market):
    real = market[REAL]
    real = real[real["is_continuous"]]
    entered = f"{real['quantity'].sum():,}"
    assert f"{len(real):,} sweeps came in continuous trading, with {entered} shares" in page.text
    filled = real["filled_quantity"].sum()
    share = f"{filled / real['quantity'].sum():.1%}".replace("%", " %")
    assert f"{filled:,} of these really filled within 5 min ({share})" in page.text


@pytest.fixture(scope="module")
def verdicts(answer_folder):
    return pq.read_table(answer_folder[0].rollups / "verdicts.parquet").to_pylist()


@pytest.fixture(scope="module")
def robustness(answer_folder):
    """Rows with intervals by security-days, by what they are found by on the page."""
    path = answer_folder[0].rollups / "robustness.parquet"
    rows = pq.read_table(path, filters=[("interval", "==", "security-day")]).to_pylist()
    keys = ([str(row[name]) for name in ROBUSTNESS_KEY if row[name] != ""] for row in rows)
    return {"/".join(("robustness", *key)): row for key, row in zip(keys, rows, strict=True)}


def test_the_answer_is_what_the_verdicts_say(page, verdicts):
    assert {row["verdict"] for row in verdicts} == {"better", "worse", "not decided"}
    by_metric = sorted(verdicts, key=lambda row: list(METRICS).index(row["metric"]))
    headings = [cells for cells, has_data in page.tables["verdict-table"] if not has_data][1:]
    assert headings == [[f"{METRICS[m].heading}, {METRICS[m].axis}"] for m in ANSWER]
    for row, shown in zip(by_metric, page.rows("verdict-table"), strict=True):
        assert shown[:2] == [WORDS[row["scenario"]].label, row["verdict"]]
        names = ("effect", "low", "high", "least", "most", "p_holm", "smallest", "largest")
        for name in names:
            key = f"verdicts/{row['scenario']}/{row['metric']}/{name}"
            assert page.numbers[key] == row[name]


def test_every_effect_is_in_a_matrix_or_beside_its_bounds(page, robustness):
    found = {key for key in page.numbers if key.startswith("robustness/")}
    book = {key for key in found if "/security-day and book/" in key}
    assert {key.rsplit("/", 1)[1] for key in book} == {"low", "high"}
    assert len(book) == 2 * 9
    # Switches are shown of the answer's own choice.
    shown = {
        key
        for key, row in robustness.items()
        if not row["switch"] or (row["weight"], row["adoption"]) == ("sweep", 0.05)
    }
    assert found - book == shown
    assert all(page.numbers[key] == robustness[key]["effect"] for key in shown)
    assert len(page.rows("switch-table")) == 9
    assert list(SWITCHES.values()) == [row[1] for row in page.rows("switch-meanings")]


def test_the_headline_names_what_is_decided_and_what_turns_the_rest(page, verdicts):
    decided = [row for row in verdicts if row["verdict"] != "not decided"]
    assert f"Decided: {len(decided)} of 9 answers. Looked at under {LOOKED_AT}." in page.text
    effect, low, high, least, most = (
        abs(100 * page.numbers[f"verdicts/dark-only/fill_ratio/{name}"])
        for name in ("effect", "high", "low", "largest", "smallest")
    )
    assert (
        f"Dark only would fill less, by {effect:.2f} points ({low:.2f} to {high:.2f}) if one sweep "
        f"in 20 changes, by {effect:.2f} points if everybody changes, and by {least:.2f} to "
        f"{most:.2f} over all choices."
    ) in page.text
    turned = "fill ratio (turns if sweeps wait to the close and everybody changes; at most to "
    assert f"Rest dark: {turned}" in page.text.replace("dark :", "dark:")


def test_the_terminal_says_what_the_verdicts_say(answer_folder, verdicts):
    told = as_printed(describe_answer(*answer_folder))
    text = " ".join(told.split())
    # Above the name of the scenario stands the first half of a heading.
    tables = {block.split()[2]: block for block in told.split("\n\n") if "if all\n" in block}
    for row in verdicts:
        words = METRICS[row["metric"]]
        names = ("effect", "low", "high", "smallest", "largest")
        effect, low, high, least, most = (
            words.change(row[name]).replace("\N{MINUS SIGN}", "-") for name in names
        )
        shown = [" ".join(line.split()) for line in tables[row["scenario"]].splitlines()]
        start = f"{TERMINAL_NAMES[row['metric']]} {effect} {low} to {high} "
        (line,) = (line for line in shown if line.startswith(start))
        assert line.endswith(f" {least} to {most} {row['verdict']}")
        has_one_sign = row["smallest"] * row["largest"] > 0
        if row["verdict"] == "not decided":
            turned = f"{words.heading.lower()} ({row['turned_by']}; at most to "
            assert (row["turned_by"] if has_one_sign else turned) in text
    assert f"of 9 answers. Looked at under {LOOKED_AT}." in text
    assert "Beside the answer, time-priority against the tape: fill ratio" in text
    assert "wanted" not in text


def test_parents_stand_beside_the_sweeps(page, market):
    real = market[REAL]
    real = real[real["is_continuous"]]
    count, wanted = (real["parent_id"] == real["order_id"]).sum(), real["added_quantity"].sum()
    filled = real["filled_quantity"].sum() / wanted
    assert f"the sweeps are {count:,} parents that entered {wanted:,} shares" in page.text
    assert f"and {filled:.1%} of these filled".replace("%", " %") in page.text


def test_where_nothing_is_re_entered_there_are_no_parents(tmp_path):
    market = drawn_market(30)
    for frame in market.values():
        frame["parent_id"] = frame["order_id"]
    text = write_page(*make_answer_folder(tmp_path / "out", market)).text
    assert "Some of these sweeps re-enter others" not in text


def test_levels_by_the_share_of_sweeps_that_change(page, answer_folder):
    rows = pq.read_table(
        answer_folder[0].rollups / "by_choice.parquet",
        filters=[("lifetime", "==", "clock:5min"), ("switch", "==", "")],
    ).to_pylist()
    assert len(page.rows("adopters-table")) == len(rows) == 14
    for row in rows:
        key = f"by_choice/{row['scenario']}/clock:5min/{row['adoption']}"
        assert page.numbers[f"{key}/fill_ratio_mean"] == row["fill_ratio_mean"]
        expected = (
            row["among_adopters_quantity"] / row["dark_quantity"] if row["adoption"] else None
        )
        assert page.numbers[f"{key}/among_adopters_share"] == expected


def test_time_priority_is_an_appendix_without_a_verdict(page):
    assert not any("Time priority" in row for row in verdict_rows(page))
    appendix = page.html[page.html.index('id="limits"') :]
    assert "Against the tape:" in appendix
    assert "verdict" not in appendix[: appendix.index("</section>")]


def test_trust_counts_the_sweeps_that_trade_in_the_dark_again(page, market):
    """Not all sweeps: most are filled in the lit book, and copied from the tape."""
    asked = market[REAL]["is_continuous"]
    really, again = ((market[arm]["dark_quantity"] > 0)[asked] for arm in (REAL, REPLAYED))
    both, others = (really & again).sum(), (again & ~really).sum()
    sentence = (
        f"{both} of the {really.sum()} sweeps that really traded in the dark do so in the book"
    )
    assert f"{sentence}, and {others} that did not;" in page.text


@pytest.mark.parametrize(("days", "securities", "count"), [(1, 1, "1 security-day"), (1, 4, "4")])
def test_too_few_security_days_decide_nothing(tmp_path, days, securities, count):
    page = page_of(tmp_path / "out", days=days, securities=securities)
    assert f"Nothing is decided: {count}" in page.text
    assert {row[1] for row in verdict_rows(page)} == {"not decided"}
    has_interval = page.numbers["verdicts/dual-post/fill_ratio/low"] is not None
    assert has_interval == (securities > 1)


def test_one_participant_is_said(tmp_path):
    assert (
        "all of these sweeps are of one participant"
        in page_of(tmp_path / "out", participant=7).text
    )


@pytest.mark.parametrize(
    ("gap", "said"),
    [("no_session_rows", "How long sweeps could wait in 1"), ("no_quotes", "What sweeps fill and")],
)
def test_what_partitions_lack_is_said(tmp_path, gap, said):
    partitions = [partition_entry(sweeps=3) | {"gaps": gaps} for gaps in ([gap], [])]
    page = write_page(*make_answer_folder(tmp_path / "out", partitions=partitions))
    assert said in page.text
    assert page.rows("verdict-table")


def test_sums_of_an_older_version_are_missed(tmp_path):
    layout, manifest = make_answer_folder(tmp_path / "out", with_choices=False)
    page = write_page(layout, manifest)
    assert "Whether an answer holds under other choices" in page.text
    assert "verdict-table" not in page.tables
    assert len(page.rows("fill-and-cost")) == 6


@pytest.mark.parametrize(
    ("metric", "mean", "low", "high", "said", "between"),
    [
        ("fill_ratio", 0.031, 0.02, 0.042, "3.10 points more", "2.00 to 4.20"),
        ("fill_ratio", -0.031, -0.042, -0.02, "3.10 points less", "2.00 to 4.20"),
        ("implementation_shortfall_bps", -1.2, -2, -0.4, "1.20 bps cheaper", "0.40 to 2.00"),
        ("arrival_cost_bps", 1.2, -0.4, 2, "1.20 bps costlier", "0.40 cheaper to 2.00 costlier"),
        ("far_touch_improvement_bps", 1, 0.0, 2, "1.00 bps better", "0.00 to 2.00"),
        ("mean_time_to_fill_seconds", 5, -1, 11, "5.00 s slower", "1.00 faster to 11.00 slower"),
        ("fill_ratio", 0.0, -0.1, 0.1, "the same", "10.00 less to 10.00 more"),
    ],
)
def test_effects_in_words_need_no_convention(metric, mean, low, high, said, between):
    words = METRICS[metric]
    assert (words.said(mean), words.between(low, high)) == (said, between)


def test_what_is_asked_says_how_many_sweeps_can_change(page, answer_folder):
    by_choice = pq.read_table(answer_folder[0].rollups / "by_choice.parquet").to_pylist()
    key = ("tape", "clock:5min", 0.0)
    (row,) = (r for r in by_choice if (r["scenario"], r["lifetime"], r["adoption"]) == key)
    assert 0 < row["n_affected"] < row["n_sweeps"]
    assert f"{row['n_sweeps']} sweeps, of which {row['n_affected']} can change," in page.text
    assert page.numbers["by_choice/tape/clock:5min/0.0/n_affected"] == row["n_affected"]
    assert row["n_unmarked"] > 1
    told = " ".join(as_printed(describe_answer(*answer_folder)).split())
    assert f"Left out: {row['n_unmarked']} sweeps without a midpoint on arrival" in told


def test_a_participant_without_sweeps_is_named(tmp_path):
    """All others are in the tables below, and that is said, too."""
    layout, manifest = make_answer_folder(tmp_path / "out", drawn_market(60))
    manifest["settings"]["adoption_participant"] = {"value": 99_999, "source": "default"}
    text = write_page(layout, manifest).text
    assert "From here on all sweeps are in the figures" in text
    assert "Participant 99999, whose sweeps" not in text
    path = layout.rollups / "by_choice.parquet"
    rows = pq.read_table(path)
    none = pa.array(np.zeros(len(rows), np.int64))
    pq.write_table(rows.set_column(rows.schema.get_field_index("n_sweeps"), "n_sweeps", none), path)
    assert "Participant 99999, whose sweeps alone change" in write_page(layout, manifest).text
    assert "Participant 99999, whose sweeps" in as_printed(describe_answer(layout, manifest))


def test_a_range_that_begins_at_nothing_says_its_direction(answer_folder):
    found = read_rollups(answer_folder[0].rollups)
    (one, *_) = verdicts_of(found, DEFAULT_CHOICES)
    for bounds, expected in (
        ((-0.1, 0.0), "0.00 to 10.00 less"),
        ((0.0, 0.1), "0.00 to 10.00 more"),
    ):
        row = one.row | dict(zip(("smallest", "largest"), bounds, strict=True))
        assert replace(one, row=row).range == expected


def test_fewer_choices_are_said_so(answer_folder):
    found = read_rollups(answer_folder[0].rollups)
    rows = [row for row in found.robustness if row["lifetime"] == "close" and row["adoption"] == 1]
    alone = replace(found, robustness=rows)
    assert looked_at(alone) == "Looked at under 2 choices (1 lifetime, 1 share, 2 weights)"


def test_every_line_has_a_row(page):
    assert [row[0] for row in page.rows("fill-and-cost")] == NAMES
    assert [row[0] for row in page.rows("populations")] == [
        one.heading for one in POPULATIONS.values()
    ]


def test_fees_are_named_where_costs_are(page, tmp_path):
    assert "hold fees" not in page.text
    layout, manifest = make_answer_folder(tmp_path / "out")
    manifest["settings"]["lit_fee_bps"] = {"value": 0.2, "source": "file config.yaml"}
    told = write_page(layout, manifest)
    assert (
        "both shortfalls hold fees of 0.0 bps of what trades in the dark and 0.2 bps in the lit"
        in told.text.replace("\u00a0", " ")
    )
    assert ["lit_fee_bps", "0.2", "file config.yaml"] in told.rows("settings")


def test_scenario_without_the_others(tmp_path):
    arms = arms_of(["centre-point"], ["rest-dark"])
    page = page_of(tmp_path / "out", arms=arms)
    assert [row[0] for row in page.rows("fill-and-cost")] == ["Tape", "Rest dark"]
    assert {row[0] for row in page.rows("verdict-table")} == {"Rest dark"}
    assert "The reference is the tape" in page.text
    assert "as entered was not run" in page.text
    assert len(page.rows("scenario-meanings")) == 1


def test_replay_alone(tmp_path):
    page = page_of(tmp_path / "out", arms=arms_of(["centre-point"], ["as-entered"]))
    assert "no scenario was run besides as entered" in page.text
    assert "verdict-table" not in page.tables
    assert [row[0] for row in page.rows("fill-and-cost")] == ["Tape", "As entered"]
    assert "Played again as entered," in page.text


def test_without_the_centre_point_model(tmp_path):
    page = page_of(tmp_path / "out", arms=arms_of(["time-priority"], []))
    assert "verdict-table" not in page.tables
    assert page.ids.isdisjoint({"unfilled", "scenarios"})
    assert "not printed: no scenario was run. The same command without --model" in page.text
    assert "trust" not in page.ids
    assert "Against the tape: fill ratio" in page.text


def test_without_the_time_priority_model(tmp_path):
    page = page_of(tmp_path / "out", arms=arms_of(["centre-point"], SCENARIOS))
    assert {row[0] for row in page.rows("verdict-table")} == {"Dual post", "Rest dark", "Dark only"}
    assert "limits" not in page.ids


def test_assumptions_are_those_of_the_run(page, tmp_path):
    meanings = [[one.heading, one.assumes] for one in SCENARIOS.values()]
    assert page.rows("scenario-meanings") == meanings
    assert all(assumption in page.text for assumption in ASSUMPTIONS)
    own = write_page(*make_answer_folder(tmp_path / "own", assumptions=["as we please"]))
    assert "as we please" in own.text
    assert ASSUMPTIONS[0] not in own.text


def test_limits_of_time_priority_are_on_the_page(page):
    for limit in ("No limit is respected", "used twice", "Resting orders are ignored"):
        assert limit in page.text
