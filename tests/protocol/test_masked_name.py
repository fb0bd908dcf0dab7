"""A name in part: at most its ends stay, and never the whole name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import masked_name


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("", ""),
        ("张", "*"),
        ("张三", "张*"),
        ("张小三", "张*三"),
        ("欧阳小明", "欧**明"),
        ("买买提·艾力", "买**·*力"),
        ("买•买・提‧艾.力", "买•*・*‧*.力"),
        ("阿·甲", "阿·*"),
        ("·", "·"),
        ("J Smith", "J ****h"),
        ("葛\U000e0100三", "葛\U000e0100*"),
        ("葛\U000e0100三葛\U000e0100", "葛\U000e0100*葛\U000e0100"),
        ("\u0301张三", "\u0301*三"),
    ],
)
def test_names(name: str, masked: str) -> None:
    assert masked_name.mask(name) == masked


@given(st.text())
def test_at_most_the_ends_of_a_name_stay(text: str) -> None:
    before, after = masked_name.clusters(text), masked_name.clusters(masked_name.mask(text))
    letters = [place for place, cluster in enumerate(before) if cluster not in "·•・‧. "]
    if not any(cluster.startswith("*") for cluster in before):
        assert len(after) == len(before)
        hidden = [place for place in letters if after[place] == "*"]
        assert len(letters) - len(hidden) <= 2
        assert bool(hidden) is bool(letters)


@given(st.text())
def test_clusters_are_the_whole_text(text: str) -> None:
    assert "".join(masked_name.clusters(text)) == text
