"""What the page says it is about: securities by their tickers, dates and input."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from report_folders import make_bare_folder, partition_entry, write_page

from sweep_dask.report.subject import subject_of
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.tickers import participants_in, tickers_in

PARTITIONS = [
    partition_entry(date, security)
    for date in ("2024-10-04", "2024-10-07")
    for security in (20, 3, 100)
]


def write_reference(layout, date, **columns):
    path = layout.processed_date(date) / "reference.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def test_a_ticker_is_that_of_the_last_date(tmp_path):
    layout = OutputLayout(tmp_path)
    write_reference(layout, "2024-10-04", Id=[3, 20], Name=["OLD", "CBA"])
    write_reference(layout, "2024-10-07", Id=[3, 20], Name=["BHP", "CBA"])
    assert tickers_in(layout, PARTITIONS) == {3: "BHP", 20: "CBA"}


def test_a_ticker_is_that_of_the_last_date_that_names_one(tmp_path):
    layout = OutputLayout(tmp_path)
    write_reference(layout, "2024-10-04", Id=[3, 20, 5], Name=["BHP", "OLD", "RIO"])
    write_reference(layout, "2024-10-07", Id=[20], Name=["CBA"])
    assert tickers_in(layout, PARTITIONS) == {3: "BHP", 20: "CBA"}


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"Name": ["a name"], "TICKER": ["BHP"]}, {3: "BHP"}),
        ({"Symbol": ["BHP"], "Name": ["OTHER"]}, {3: "BHP"}),
        ({"Name": ["DRR Test Security"], "ContractName": ["DRR SECURITY"]}, {3: "DRR"}),
        ({"Name": ["a name"], "ContractName": ["BHP GROUP"]}, {3: "BHP"}),
        ({"ContractName": ["BHP"]}, {3: "BHP"}),
        ({"Name": ["<b>"]}, {}),
        ({"Name": pa.array([None], pa.string())}, {}),
        ({}, {}),
    ],
)
def test_a_ticker_is_a_word_of_capitals(tmp_path, columns, found):
    layout = OutputLayout(tmp_path)
    write_reference(layout, "2024-10-07", Id=[3], **columns)
    assert tickers_in(layout, PARTITIONS) == found


def test_a_participant_has_its_last_name(tmp_path):
    layout = OutputLayout(tmp_path)
    for date, names in (("2024-10-04", ["OLD", "TWO"]), ("2024-10-07", ["ONE", None])):
        path = layout.processed_date(date) / "participants.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.table({"Id": [1, 2], "ParticipantName": names}), path)
    broken = layout.processed_date("2024-10-08") / "participants.parquet"
    broken.parent.mkdir()
    broken.write_bytes(b"no table")
    names = participants_in(layout, {"2024-10-08", "2024-10-07", "2024-10-04"})
    assert names == {1: "ONE", 2: "TWO"}
    subject = subject_of({}, [], participants=names)
    assert [subject.participant(one) for one in ("1", "3", "unknown")] == [
        *("1 (ONE)", "3", "unknown"),
    ]


def test_a_reference_table_that_cannot_be_read_names_nothing(tmp_path):
    layout = OutputLayout(tmp_path)
    path = layout.processed_date("2024-10-07") / "reference.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PAR1 no more")
    assert tickers_in(layout, PARTITIONS) == {}


def test_few_are_named_in_the_order_of_their_codes():
    subject = subject_of({"input": "/data/raw/"}, PARTITIONS, {3: "BHP"})
    assert subject.securities_in_words == "BHP, 20, 100"
    assert subject.dates_in_words == "2024-10-04, 2024-10-07"
    assert subject.title == "BHP, 20, 100, 2024-10-04, 2024-10-07, raw"
    assert (subject.name(3), subject.name("20")) == ("BHP (3)", "20")


def test_of_many_the_first_and_their_number():
    many = [partition_entry(f"2024-10-{day:02}", day) for day in range(1, 24)]
    subject = subject_of({"input": "s3://bucket/raw", "sample": True}, many)
    assert subject.securities_in_words == "1, 2, 3 and 20 more"
    assert subject.dates_in_words == "2024-10-01 to 2024-10-23 (23 dates)"
    assert subject.title.endswith("(23 dates), built-in sample market")


def test_nothing_at_all():
    assert subject_of({}, []).title == "no security, no date, unknown input"


def test_title_and_head_name_them(tmp_path):
    layout, manifest = make_bare_folder(tmp_path / "out", partitions=PARTITIONS)
    write_reference(layout, "2024-10-07", Id=[3, 20], Name=["BHP", "CBA"])
    page = write_page(layout, manifest)
    title = page.html.partition("<title>")[2].partition("</title>")[0]
    assert title.startswith("BHP, CBA, 100, 2024-10-04, 2024-10-07, raw ")
    assert "Securities BHP, CBA, 100 Dates 2024-10-04, 2024-10-07 Input data/raw" in page.text
    assert "BHP (3)" in {row[1] for row in page.rows("partition-table")}
