"""How fast a stage goes and how long it still takes, by hand."""

import pytest

from sweep_dask.dataflow.listeners import Done, Pace, duration


class Clock:
    seconds = 100.0

    def __call__(self):
        return self.seconds


def test_time_left_goes_by_rows_not_by_tasks():
    clock = Clock()
    pace = Pace(4, "blocks", 1_000, has_to_wait=True, clock=clock)
    pace.add(Done(600, 600))  # it began before anybody looked at the clock
    assert (pace.seconds_left, pace.tasks_per_second, pace.rows_per_second) == (None, None, None)
    clock.seconds += 2
    pace.add(Done(100, 100))
    # 100 rows in 2 s, and 300 are left.
    assert pace.rows_per_second == 50
    assert pace.seconds_left == 6
    assert pace.tasks_per_second == 0.5
    assert str(pace) == "0.5 blocks/s, 50 rows/s, 0:06 left"
    assert pace.brief(room=27) == "0.5/s, 0k rows/s, 0:06 left"
    assert pace.brief(room=26) == "0k rows/s, 0:06 left"
    assert pace.brief(room=9) == "0:06 left"
    assert pace.brief(room=-1) == ""


def test_what_an_earlier_run_has_done_says_nothing_of_the_pace():
    clock = Clock()
    pace = Pace(5, "partitions", 5_000, clock=clock)
    for _ in range(2):
        pace.add(Done(2_000, 2_000, is_kept=True))
    clock.seconds += 20
    assert pace.seconds_left is None
    # Partitions of a task are told of together, when it has ended.
    for _ in range(2):
        pace.add(Done(200, 200))
    assert (pace.done, pace.rows) == (4, 4_400)
    assert pace.seconds_left == 30
    assert pace.tasks_per_second == 0.1


def test_the_end_is_no_time_away():
    clock = Clock()
    pace = Pace(2, "blocks", 2, clock=clock)
    pace.add(Done(rows=5, rejected=1))
    clock.seconds += 1
    pace.add(Done(rows=5, rejected=2))
    assert (pace.seconds_left, pace.rejected) == (0, 3)


@pytest.mark.parametrize(("seconds", "text"), [(5, "0:05"), (754, "12:34"), (3_723, "1:02:03")])
def test_durations(seconds, text):
    assert duration(seconds) == text
