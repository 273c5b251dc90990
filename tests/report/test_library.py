"""The chart library: made once, kept between processes, made again where it is damaged."""

import pytest

from paribus.report.library import chart_library, library_in


@pytest.fixture
def kept(tmp_path):
    """The file in which the library is kept, once it has been made."""
    library_in(tmp_path)
    (file,) = tmp_path.iterdir()
    return file


def test_what_is_kept_is_what_was_made(kept):
    assert library_in(kept.parent) == chart_library()


def test_it_is_read_from_where_it_is_kept(kept):
    before = kept.stat().st_mtime_ns
    library_in(kept.parent)
    assert kept.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "damage", [b"", b"alert(1)", b"\xff\xfe"], ids=["empty", "other", "bytes"]
)
def test_a_damaged_one_is_made_again(kept, damage):
    whole = kept.read_bytes()
    kept.write_bytes(damage)
    assert library_in(kept.parent) == chart_library()
    assert kept.read_bytes() == whole


def test_one_changed_character_is_damage(kept):
    whole = kept.read_text("utf-8")
    kept.write_text(whole.replace("vegaEmbed", "vegaembed", 1), "utf-8")
    assert library_in(kept.parent) == chart_library()


def test_where_it_cannot_be_kept_it_is_made_all_the_same(tmp_path):
    file = tmp_path / "no folder"
    file.write_text("")
    assert library_in(file) == chart_library()
