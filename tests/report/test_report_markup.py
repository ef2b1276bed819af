"""The markup of the page: well-formed, told to whoever cannot see it, and one unit a column."""

import re
import shlex
from html.parser import HTMLParser

import click
import duckdb
import pytest
from drawn_market import drawn_market
from replay_folders import make_fidelity, write_fidelity
from report_folders import bare_page, partition_entry, write_page
from rollup_folders import make_answer_folder, make_empty_folder

from sweep_dask.cli import main
from sweep_dask.report.page import query_of
from sweep_dask.report.replay_page import replay_report_page
from sweep_dask.report.subject import commands_of
from sweep_dask.settings import Settings
from sweep_dask.terms.arms import arms_of

#: Whose settings commands inherit, and keep from the first time that they are called.
PROGRAM = click.Context(main, **main.context_settings)
#: Elements without an end.
VOID = {"meta", "br"}
#: Of these one is enough on a page.
REFERENCES = ("aria-labelledby", "aria-describedby")


class Tree(HTMLParser):
    """Elements of a page, each with its parents; raises where one ends that was not begun."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements = []
        self._open = []
        self.feed(html)
        self.close()
        assert self._open == [], "elements that do not end"

    def handle_starttag(self, tag, attributes):
        element = {"tag": tag, "in": list(self._open), "text": "", **dict(attributes)}
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag, attributes):
        self.elements.append({"tag": tag, "in": list(self._open), "text": "", **dict(attributes)})

    def handle_endtag(self, tag):
        assert self._open, f"</{tag}> ends nothing"
        begun = self._open.pop()
        assert begun["tag"] == tag, f"</{tag}> ends <{begun['tag']}>"

    def handle_data(self, data):
        for element in self._open:
            element["text"] += data

    def all(self, tag):
        return [element for element in self.elements if element["tag"] == tag]

    def within(self, parent, tag):
        return [e for e in self.all(tag) if any(one is parent for one in e["in"])]


def complete(root):
    return write_page(*make_answer_folder(root, drawn_market(120))).html


def without_choices(root):
    market = drawn_market(40, arms=arms_of(["time-priority"], []))
    return write_page(*make_answer_folder(root, market, with_choices=False)).html


def without_sweeps(root):
    return write_page(*make_empty_folder(root)).html


def of_failures(root):
    failed = partition_entry(state="failed", reason="a worker died")
    return bare_page(root, status="partial", partitions=[failed]).html


def of_replay(root):
    write_fidelity(root / "replay", make_fidelity(partitions=3))
    return replay_report_page(root / "replay", {})


@pytest.fixture(
    scope="module", params=[complete, without_choices, without_sweeps, of_failures, of_replay]
)
def tree(request, tmp_path_factory):
    return Tree(request.param(tmp_path_factory.mktemp("markup") / "out"))


def test_an_id_is_there_once_and_what_is_referred_to_is_there(tree):
    ids = [element["id"] for element in tree.elements if "id" in element]
    assert len(ids) == len(set(ids))
    named = [
        element[name].split() for element in tree.elements for name in REFERENCES if name in element
    ]
    assert {one for names in named for one in names} <= set(ids)


def test_every_table_says_what_it_is_and_every_heading_whose_it_is(tree):
    for table in tree.all("table"):
        captions = tree.within(table, "caption")
        assert len(captions) == 1, table.get("id")
        assert captions[0]["text"].strip()
        assert all(heading["scope"] for heading in tree.within(table, "th"))
        assert tree.within(table, "thead"), table.get("id")


def test_every_chart_is_an_image_with_a_title_and_its_numbers(tree):
    charts = [e for e in tree.all("svg") if e.get("role") == "img"]
    by_id = {element["id"]: element for element in tree.elements if "id" in element}
    for chart in charts:
        title, description = (by_id[name] for name in chart["aria-labelledby"].split())
        assert (title["tag"], description["tag"]) == ("title", "desc")
        assert title["text"].strip()
        assert re.search(r"\d", description["text"])
    drawn = [e for e in tree.all("div") if "plot" in (e.get("class") or "").split()]
    assert len(charts) == len(drawn)
    # All other drawings are of no use to whoever cannot see them.
    outer = [e for e in tree.all("svg") if not any(one["tag"] == "svg" for one in e["in"])]
    assert all(e.get("role") == "img" or e.get("aria-hidden") == "true" for e in outer)


def test_numbers_of_a_table_have_their_unit_in_a_heading(tree):
    cells = [e for e in tree.all("td") if "text" not in (e.get("class") or "").split()]
    with_unit = re.compile(r"\d\s?(%|s|ms|min|bps|AUD|MiB|GiB)$")
    assert [cell["text"] for cell in cells if with_unit.search(cell["text"].strip())] == []


def test_wide_tables_lie_in_a_box_that_scrolls(tree):
    for table in tree.all("table"):
        boxes = {(one.get("class") or "").split(" ")[0] for one in table["in"]}
        assert boxes & {"scroll", "panel", "side-by-side"}, table.get("id")


# --- commands -----------------------------------------------------------------------------------

ODD = "it's a folder; $(echo x) & more"


@pytest.fixture
def manifest():
    given = Settings().as_json()
    given |= {
        "output": {"value": ODD, "source": "command line"},
        "workers": {"value": 2, "source": "command line"},
        "securities": {"value": [7, 8], "source": "command line"},
        "models": {"value": ["centre-point"], "source": "command line"},
        "scenarios": {"value": ["dual-post", "rest-dark"], "source": "command line"},
        "enable_parallel": {"value": False, "source": "command line"},
        "replay": {"value": False, "source": "command line"},
        "fresh": {"value": True, "source": "command line"},
        "lifetime": {"value": "close", "source": "file config.yaml"},
    }
    return {"input": "-raw\nfolder", "sample": False, "settings": given}


def parsed(line):
    """The name of a command as a shell takes it, and the arguments that click reads."""
    program, name, *words = shlex.split(line)
    assert program == "sweep-dask"
    context = main.commands[name].make_context(name, words, parent=PROGRAM)
    return name, {key: value for key, value in context.params.items() if value}


def test_commands_are_those_that_the_program_takes(manifest):
    lines = commands_of(manifest)
    name, run = parsed(lines["run"])
    assert (name, run["inputs"], run["output"]) == ("run", ("./-raw\nfolder",), ODD)
    assert (run["workers"], run["securities"]) == ("2", "7,8")
    assert (run["models"], run["scenarios"]) == (("centre-point",), ("dual-post", "rest-dark"))
    assert "enable_parallel" in context_names(lines["run"])
    assert "--fresh" not in lines["run"]
    assert "lifetime" not in run
    for name in ("scored", "replay"):
        assert not {"--model", "--scenario", "--no-replay"} & set(shlex.split(lines[name]))
        parsed(lines[name])
    assert parsed(lines["verify"]) == ("verify", {"output_folder": ODD})
    assert parsed(lines["report"]) == ("report", {"output_folder": ODD})


def context_names(line):
    """Of the options that a command line gives a value, also one that is false."""
    _, name, *words = shlex.split(line)
    params = main.commands[name].make_context(name, words, parent=PROGRAM).params
    return {key for key, value in params.items() if value is not None}


def test_the_sample_needs_no_input(manifest):
    assert "inputs" not in parsed(commands_of(manifest | {"sample": True})["run"])[1]


def test_every_input_is_named(manifest):
    several = manifest | {"given": ["a b", "trades=-c"]}
    assert parsed(commands_of(several)["run"])[1]["inputs"] == ("a b", "trades=-c")


def test_a_replay_without_its_manifest_has_no_commands():
    assert commands_of({}) == {}


def test_the_query_gives_the_fill_ratios_of_the_page(tmp_path):
    root = tmp_path / "it's results"
    layout, manifest = make_answer_folder(root, drawn_market(60))
    # A run leaves a folder of pieces.
    table = layout.tables / "sweep_metrics.parquet"
    piece = table.rename(table.with_suffix(".piece"))
    table.mkdir()
    piece.rename(table / "2024.parquet")
    numbers = write_page(layout, manifest).numbers
    rows = dict(duckdb.sql(query_of(str(root))).fetchall())
    assert rows.keys() > {"tape", "dual-post"}
    for arm, ratio in rows.items():
        assert numbers[f"by_all/continuous/all/{arm}/fill_ratio"] == pytest.approx(ratio)
