"""Where compiled code is kept: nothing that was compiled from other sources is ever found."""

import pytest

from sweep_dask.matching.compiled import cache_folder


@pytest.fixture
def room(tmp_path):
    folder = tmp_path / "room"
    folder.mkdir()
    (folder / "kernels.py").write_text("STEP = 1\n")
    return folder


def folder_now(room, usual=""):
    return cache_folder.__wrapped__(room, usual)


def test_equal_sources_share_a_folder_beside_them(room):
    assert folder_now(room) == folder_now(room)
    assert folder_now(room).startswith(str(room))


@pytest.mark.parametrize("usual", ["", "/usual"])
def test_other_sources_have_another_folder(room, usual):
    before = folder_now(room, usual)
    (room / "kernels.py").write_text("STEP = 2\n")
    assert folder_now(room, usual) != before


def test_the_folder_that_numba_was_given_holds_it(room):
    assert folder_now(room, "/usual").startswith("/usual/room-")
