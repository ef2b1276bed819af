"""The report in a real browser: wide, narrow, dark and on paper; offline, without a complaint."""

import shutil

import pytest
from browsing import WIDTHS, found_browser, measured, printed
from replay_folders import make_fidelity, write_fidelity
from report_folders import make_bare_folder, partition_entry, write_report
from running import run_here

from sweep_dask.sample import sample_market_path
from sweep_dask.storage.layout import OutputLayout

RESOURCES = """time,process,cpu_percent,rss_bytes,system_available_bytes
1.0,client,0.0,300000000,1
2.0,client,90.0,310000000,1
"""
MOST_SHEETS = 8


@pytest.fixture(scope="module")
def browser():
    return found_browser()


@pytest.fixture(scope="module")
def report(answer_folder, tmp_path_factory):
    """The page of a run of every arm, with a replay beside it and what its processes used."""
    layout, manifest = answer_folder
    layout = OutputLayout(shutil.copytree(layout.root, tmp_path_factory.mktemp("browser") / "out"))
    write_fidelity(layout.root / "replay", make_fidelity(), inputs=manifest["inputs"])
    layout.resources_log.parent.mkdir(exist_ok=True)
    layout.resources_log.write_text(RESOURCES, encoding="utf-8")
    write_report(layout, manifest)
    return layout.report


@pytest.fixture(scope="module")
def light(browser, report, tmp_path_factory):
    return measured(browser, report, tmp_path_factory.mktemp("light"))


@pytest.fixture(scope="module")
def dark(browser, report, tmp_path_factory):
    return measured(browser, report, tmp_path_factory.mktemp("dark"), dark=True)


@pytest.fixture(scope="module")
def sheets(browser, tmp_path_factory):
    """Of the built-in sample, the text of each page on paper."""
    folder = tmp_path_factory.mktemp("paper")
    result = run_here(sample_market_path(), folder / "out", enable_parallel=False)
    return printed(browser, result.report, folder)


def test_nothing_is_loaded_or_refused_and_no_script_fails(light):
    for width in WIDTHS:
        assert light[width]["loaded"] == light[width]["refused"] == light[width]["failed"] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_lies_beyond_the_edge(light, width):
    found = light[width]
    assert found["wide"] <= width
    assert found["beyond"] == found["beyondUnfolded"] == []


def test_no_table_has_to_be_scrolled_on_a_laptop(light):
    assert light[1280]["clipped"] == light[1280]["clippedUnfolded"] == []


def test_wide_tables_scroll_in_their_own_box_on_a_phone(light):
    assert any(name.startswith("DIV#cost.scroll") for name in light[390]["clipped"])


def test_text_can_be_read_by_day_and_by_night(light, dark):
    assert light[1280]["faint"] == []
    assert dark[1280]["faint"] == []
    assert light[1280]["ground"] > 0.8
    assert dark[1280]["ground"] < 0.05


def test_curves_stand_out_from_dark_paper(dark):
    assert dark[1280]["faintCurves"] == []


def test_a_heading_sorts_and_a_second_click_turns_the_order_around(light):
    found = light[1280]["sorted"]
    falling = [int(value) for value in found["falling"]]
    assert falling == sorted(falling, reverse=True)
    assert [int(value) for value in found["rising"]] == sorted(falling)
    assert found["order"] == ["filled", "ascending"]


def test_everything_can_be_unfolded(light):
    assert light[1280]["folded"] == 0


@pytest.mark.slow
def test_the_sample_is_printed_on_eight_pages_none_of_them_blank(sheets):
    assert 1 < len(sheets) <= MOST_SHEETS
    assert all(len(sheet.strip()) > 100 for sheet in sheets)
    assert "folded, so not printed" in "".join(sheets)


def test_a_table_of_several_pages_repeats_its_heads(browser, tmp_path):
    failed = [partition_entry(security=n, state="failed", reason="no") for n in range(90)]
    layout, manifest = make_bare_folder(tmp_path / "out", status="partial", partitions=failed)
    write_report(layout, manifest)
    sheets = printed(browser, layout.report, tmp_path)
    with_rows = [sheet for sheet in sheets if sheet.count("2024-10-04") > 2]
    assert len(with_rows) > 1
    assert all("Why it failed" in sheet for sheet in with_rows)
