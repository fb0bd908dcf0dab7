"""Archives that hold what no release holds: each differs from a good one in one thing."""

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from tests.updates.making import wheel
from verifier_terminal.updates import archive
from verifier_terminal.updates.errors import ArchiveRefused

WHEEL = "wheels/liangzheng-0.2.0-py3-none-any.whl"


def entry(name: str, content: bytes = b"x", **changes: object) -> tuple[tarfile.TarInfo, bytes]:
    made = tarfile.TarInfo(name)
    made.size = len(content)
    for attribute, value in changes.items():
        setattr(made, attribute, value)
    return made, content


def packed(path: Path, entries: list[tuple[tarfile.TarInfo, bytes]], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as made:  # type: ignore[call-overload]  # the mode is a test's
        for each, content in entries:
            made.addfile(each, io.BytesIO(content))
    return path


def good(tmp_path: Path) -> list[tuple[tarfile.TarInfo, bytes]]:
    return listed(wheel(tmp_path / "house", "0.2.0").read_bytes())


def listed(content: bytes) -> list[tuple[tarfile.TarInfo, bytes]]:
    line = f"liangzheng==0.2.0 --hash=sha256:{sha256(content).hexdigest()}\n"
    return [entry("requirements.txt", line.encode()), entry(WHEEL, content)]


def test_what_was_packed_is_unpacked_and_the_same_wheels_give_the_same_bytes(tmp_path: Path) -> None:
    wheel(tmp_path / "house", "0.2.0")
    wheel(tmp_path / "house", "1.0", name="other")
    for name in ("a.tar", "b.tar"):
        assert archive.pack(tmp_path / "house", tmp_path / name) == "0.2.0"
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    archive.unpack(tmp_path / "a.tar", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out/wheels").iterdir()) == [
        "liangzheng-0.2.0-py3-none-any.whl",
        "other-1.0-py3-none-any.whl",
    ]
    lines = (tmp_path / "out/requirements.txt").read_text().splitlines()
    assert [line.split(" --hash=sha256:")[0] for line in lines] == ["liangzheng==0.2.0", "other==1.0"]


def test_wheels_have_long_names(tmp_path: Path) -> None:
    made = wheel(tmp_path / "house", "0.2.0")
    tags = "manylinux2014_x86_64.manylinux_2_17_x86_64.manylinux_2_28_x86_64"
    long = made.with_name(f"charset_normalizer-3.5.2-cp311-cp311-{tags}.whl")
    long.write_bytes(made.read_bytes())
    archive.pack(tmp_path / "house", tmp_path / "a.tar")
    archive.unpack(tmp_path / "a.tar", tmp_path / "out")
    assert (tmp_path / "out/wheels" / long.name).exists()


@pytest.mark.parametrize(
    "extra",
    [
        entry("../evil.whl"),
        entry("wheels/../../evil-1-py3-none-any.whl"),
        entry("/etc/evil"),
        entry("wheels/deeper/evil-1-py3-none-any.whl"),
        entry("wheels/evil.py"),
        entry("another.txt"),
        entry(WHEEL),
        entry("wheels/a-1-py3-none-any.whl", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        entry("wheels/a-1-py3-none-any.whl", b"", type=tarfile.LNKTYPE, linkname=WHEEL),
        entry("wheels/a-1-py3-none-any.whl", b"", type=tarfile.FIFOTYPE),
        entry("wheels/a-1-py3-none-any.whl", b"", type=tarfile.CHRTYPE),
        entry("wheels", b"", type=tarfile.DIRTYPE),
        entry("wheels/a-1-py3-none-any.whl", b"no zip"),
    ],
    ids=lambda made: f"{made[0].name}-{made[0].type.decode()}",
)
def test_a_file_that_has_no_place_in_it(extra: tuple[tarfile.TarInfo, bytes], tmp_path: Path) -> None:
    with pytest.raises(ArchiveRefused):
        archive.unpack(packed(tmp_path / "bad.tar", [*good(tmp_path), extra]), tmp_path / "deep" / "er" / "out")
    assert not list(tmp_path.rglob("evil*"))


def test_a_sparse_file_that_claims_a_terabyte(tmp_path: Path) -> None:
    sparse = entry("wheels/a-1-py3-none-any.whl", b"", type=tarfile.GNUTYPE_SPARSE)
    with pytest.raises(ArchiveRefused):
        archive.unpack(packed(tmp_path / "bad.tar", [*good(tmp_path), sparse]), tmp_path / "out")


def test_nothing_compressed_is_opened(tmp_path: Path) -> None:
    with pytest.raises(ArchiveRefused, match="no tar"):
        archive.unpack(packed(tmp_path / "bad.tar", good(tmp_path), "w:xz"), tmp_path / "out")


@pytest.mark.parametrize("cut", [1, 700, 1_500])
def test_a_tar_that_was_cut_off(cut: int, tmp_path: Path) -> None:
    whole = packed(tmp_path / "bad.tar", good(tmp_path)).read_bytes()
    (tmp_path / "bad.tar").write_bytes(whole[:cut])
    with pytest.raises(ArchiveRefused):
        archive.unpack(tmp_path / "bad.tar", tmp_path / "out")


def test_requirements_of_another_wheel(tmp_path: Path) -> None:
    archive.unpack(packed(tmp_path / "good.tar", good(tmp_path)), tmp_path / "good")
    first, second = good(tmp_path)
    broken = (first[1].replace(b"0.2.0", b"0.2.1"), first[1][:-2] + b"0\n", first[1] + b"other==1\n", b"")
    for number, changed in enumerate(broken):
        bad = packed(tmp_path / "bad.tar", [entry("requirements.txt", changed), second])
        with pytest.raises(ArchiveRefused, match="not the same"):
            archive.unpack(bad, tmp_path / str(number))


def test_a_wheel_that_is_no_zip(tmp_path: Path) -> None:
    with pytest.raises(ArchiveRefused, match="cannot be read"):
        archive.unpack(packed(tmp_path / "bad.tar", listed(b"no zip")), tmp_path / "out")


def test_no_requirements(tmp_path: Path) -> None:
    with pytest.raises(ArchiveRefused, match="no requirements"):
        archive.unpack(packed(tmp_path / "bad.tar", good(tmp_path)[1:]), tmp_path / "out")


def traversal(made: zipfile.ZipFile) -> None:
    made.writestr("../../evil.py", "")


def absolute(made: zipfile.ZipFile) -> None:
    made.writestr("/evil.py", "")


def backslash(made: zipfile.ZipFile) -> None:
    made.writestr("a\\..\\evil.py", "")


def link(made: zipfile.ZipFile) -> None:
    member = zipfile.ZipInfo("evil")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    made.writestr(member, "/etc/passwd")


def bomb(made: zipfile.ZipFile) -> None:
    # Only the directory claims it: what pip writes stops there too.
    made.writestr("a.bin", b"x")
    made.filelist[-1].file_size = archive.MAX_INSTALLED_BYTES + 1


def many(made: zipfile.ZipFile) -> None:
    made.filelist += [made.filelist[0]] * archive.MAX_FILES


@pytest.mark.parametrize("change", [traversal, absolute, backslash, link, bomb, many], ids=lambda each: each.__name__)
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_a_wheel_that_no_release_has(change: Callable[[zipfile.ZipFile], None], tmp_path: Path) -> None:
    made = wheel(tmp_path / "house", "0.2.0")
    with zipfile.ZipFile(made, "a") as opened:
        change(opened)
        opened._didModify = True  # type: ignore[attr-defined]  # the directory is written anew
    with pytest.raises(ArchiveRefused, match=r"wheel with|more than"):
        archive.unpack(packed(tmp_path / "bad.tar", listed(made.read_bytes())), tmp_path / "out")


def test_a_wheelhouse_without_the_product_or_with_two_versions_of_it(tmp_path: Path) -> None:
    wheel(tmp_path / "none", "1.0", name="other")
    with pytest.raises(ArchiveRefused, match="no wheel of liangzheng"):
        archive.pack(tmp_path / "none", tmp_path / "a.tar")
    wheel(tmp_path / "two", "0.1.0")
    wheel(tmp_path / "two", "0.2.0")
    with pytest.raises(ArchiveRefused, match="twice"):
        archive.pack(tmp_path / "two", tmp_path / "a.tar")
