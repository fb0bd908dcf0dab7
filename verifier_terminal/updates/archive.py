"""The archive of a release: a plain tar of `requirements.txt` and `wheels/*.whl`, made and taken apart.

Nothing in it is compressed but the wheels, so its size bounds what lies in it; a wheel says how long its files are
before they are read. Guaranteed of what was unpacked: regular files under those names alone, each wheel within bounds
and with paths below its own folder. Not handled here: whether the archive is the signed one (`downloading`).
"""

import re
import stat
import tarfile
import zipfile
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from typing import Final

from verifier_terminal.updates.errors import ArchiveRefused

REQUIREMENTS: Final = "requirements.txt"
WHEELS: Final = "wheels"
MAX_WHEELS: Final = 256
MAX_FILES: Final = 60_000
MAX_INSTALLED_BYTES: Final = 3_221_225_472
_MAX_REQUIREMENTS_BYTES: Final = 262_144
_WHEEL: Final = re.compile(
    r"([A-Za-z0-9_.]{1,64})-([A-Za-z0-9_.+!]{1,64})(?:-[A-Za-z0-9_.]{1,128}){3,4}[.]whl", re.ASCII
)
"""Name, version, tags: the binary distribution format of the Python packaging specifications."""
_PIECE_BYTES: Final = 1_048_576
PRODUCT: Final = "liangzheng"


def pack(wheelhouse: Path, out: Path) -> str:
    """Writes the archive of the wheels in a folder; gives the product's version. The same wheels give the same bytes.

    Raises:
        ArchiveRefused: No product among them, a name twice, or a file that is no good wheel.
        OSError: A file cannot be read or written.
    """
    wheels = sorted(wheelhouse.glob("*.whl"))
    versions, written = _requirements(wheels)
    if PRODUCT not in versions:
        raise ArchiveRefused(f"no wheel of {PRODUCT} in {wheelhouse}")
    _check_wheels(wheels)
    requirements = out.with_name(f"{out.name}.requirements")
    requirements.write_text(written, "ascii")
    with tarfile.open(out, "w", format=tarfile.PAX_FORMAT) as packed:
        for path, name in ((requirements, REQUIREMENTS), *((wheel, f"{WHEELS}/{wheel.name}") for wheel in wheels)):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = path.stat().st_size, 0o644
            with path.open("rb") as opened:
                packed.addfile(entry, opened)
    requirements.unlink()
    return versions[PRODUCT]


def unpack(archive: Path, into: Path) -> None:
    """Writes what the archive holds below a new folder.

    Raises:
        ArchiveRefused: It holds anything else than a release does.
        OSError: The disk refused.
    """
    (into / WHEELS).mkdir(parents=True)
    longest = archive.stat().st_size
    seen: set[str] = set()
    try:
        with tarfile.open(archive, "r:") as packed:
            for entry in packed:
                if entry.name in seen or len(seen) > MAX_WHEELS:
                    raise ArchiveRefused("a name twice, or too many files")
                seen.add(entry.name)
                _check_entry(entry, longest)
                content = packed.extractfile(entry)
                assert content is not None
                with (into / entry.name).open("xb") as opened:
                    while piece := content.read(_PIECE_BYTES):
                        opened.write(piece)
    except (tarfile.TarError, ValueError, EOFError) as wrong:
        raise ArchiveRefused("no tar, or a broken one") from wrong
    wheels = sorted((into / WHEELS).iterdir())
    versions, written = _requirements(wheels)
    if REQUIREMENTS not in seen or PRODUCT not in versions:
        raise ArchiveRefused(f"no {REQUIREMENTS}, or no wheel of {PRODUCT}")
    if (into / REQUIREMENTS).read_bytes() != written.encode():
        raise ArchiveRefused(f"{REQUIREMENTS} and the wheels are not the same")
    _check_wheels(wheels)


def _requirements(wheels: list[Path]) -> tuple[dict[str, str], str]:
    """The versions by name, and a line with its hash for each."""
    versions, lines = {}, []
    for wheel in wheels:
        name, version = _named(wheel.name)
        if name in versions:
            raise ArchiveRefused(f"{name} stands twice")
        versions[name] = version
        with wheel.open("rb") as opened:
            lines.append(f"{name}=={version} --hash=sha256:{file_digest(opened, 'sha256').hexdigest()}\n")
    return versions, "".join(lines)


def _check_entry(entry: tarfile.TarInfo, longest: int) -> None:
    if entry.type != tarfile.REGTYPE or entry.issparse() or entry.size > longest:
        raise ArchiveRefused("an entry that is no plain file")
    folder, _, name = entry.name.rpartition("/")
    if entry.name == REQUIREMENTS:
        if entry.size > _MAX_REQUIREMENTS_BYTES:
            raise ArchiveRefused(f"{REQUIREMENTS} is too long")
    elif folder != WHEELS:
        raise ArchiveRefused("a file that has no place in a release")
    else:
        _named(name)


def _named(name: str) -> tuple[str, str]:
    found = _WHEEL.fullmatch(name)
    if found is None:
        raise ArchiveRefused("a file that is named like no wheel")
    return re.sub("[-_.]+", "-", found[1]).lower(), found[2]


def _check_wheels(wheels: list[Path]) -> None:
    count = total = 0
    for wheel in wheels:
        try:
            with zipfile.ZipFile(wheel) as opened:
                for entry in opened.infolist():
                    count += 1
                    total += entry.file_size
                    _check_member(entry)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as wrong:
            raise ArchiveRefused("a wheel that cannot be read") from wrong
        if count > MAX_FILES or total > MAX_INSTALLED_BYTES:
            raise ArchiveRefused(f"more than {MAX_FILES} files or {MAX_INSTALLED_BYTES >> 20} MiB")


def _check_member(entry: zipfile.ZipInfo) -> None:
    path = PurePosixPath(entry.filename)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or ":" in entry.filename:
        raise ArchiveRefused("a wheel with a path out of its folder")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveRefused("a wheel with a link")
