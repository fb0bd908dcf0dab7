"""A folder of test vectors: `index.json`, one JSON file for each vector, and the signed documents that they rest on.

The form is described in `tests/vectors/README.md`. Guaranteed: every vector names a format that this version knows and
has the inputs that a reader of it needs. Not handled here: what a reader must answer (`reading`, `checking`).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from liangzheng.errors import VectorsUnusable
from protocol import cbor, limits, root_keys, sm2, sm2_libcrypto, trust_list
from protocol.errors import ProtocolError
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable
from protocol.labels import FurtherAlg
from protocol.roots import Root
from protocol.trust_list import TrustList
from protocol.unixtime import UnixTime

VERSION: Final = 2
_MAX_FILE_BYTES: Final = 16 * 1_048_576
"""The index of a thousand vectors with their intermediate bytes has about 1 MB."""
_MAX_TEXT_CHARACTERS: Final = 65_536


_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+", re.ASCII)


class Format(StrEnum):
    """What a vector is an example of; each has a page in docs/spec."""

    PRESENTATION = "presentation"
    MANDATE = "mandate"
    SEALED = "sealed"
    CHALLENGE = "challenge"
    BUNDLE = "bundle"
    ANIMATED = "animated"
    RECEIPT = "receipt"
    PAPER = "paper"
    TRUST_LIST = "trust-list"
    STAFF_CERTIFICATE = "staff-certificate"
    OFFICERS_ACT = "officers-act"
    ENROLMENT = "enrolment"
    ENROLMENT_REQUEST = "enrolment-request"
    TERMINAL_ROW = "terminal-row"
    RENEWAL = "renewal"


_BYTES: Final = frozenset(
    {
        Format.RECEIPT,
        Format.TRUST_LIST,
        Format.STAFF_CERTIFICATE,
        Format.OFFICERS_ACT,
        Format.ENROLMENT_REQUEST,
        Format.TERMINAL_ROW,
        Format.RENEWAL,
    }
)
_MAY_BE_BYTES: Final = _BYTES | {Format.BUNDLE}


class Stage(StrEnum):
    """How far a bad vector gets: refused while it is read, or only by a terminal's clock and purpose."""

    READING = "reading"
    APPRAISAL = "appraisal"


@dataclass(frozen=True, slots=True)
class Given:
    """What a reader gets: the texts of codes (several frames of one animation), or bytes that are in no code.

    `private_key` is the X25519 key of the open request to which a sealed presentation answers.
    """

    texts: tuple[str, ...] = ()
    content: bytes | None = None
    private_key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Vector:
    """One vector, as its file and its entry in the index state it.

    `expected` is what must be answered; `stages` are the intermediate bytes of a good one, as in the index.
    """

    file: str
    format: Format
    at: UnixTime
    given: Given
    expected: Mapping[str, Any]
    stage: Stage = Stage.READING
    stages: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        return bool(self.expected["class"] == "read")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a folder's vectors are read by: a pinned root, the trust list that it signed, the algorithms in force."""

    root: Root
    trust: TrustList
    algorithms: AlgorithmTable = DEFAULT_ALGORITHMS


@dataclass(frozen=True, slots=True)
class VectorFolder:
    """The vectors, and what they are read by."""

    directory: Path
    ground: Ground
    vectors: tuple[Vector, ...]


def load(directory: Path) -> VectorFolder:
    """The vectors of this directory.

    Raises:
        VectorsUnusable: There are none, or a file is missing or not as the README says.
    """
    index = index_of(directory)
    ground = ground_of(directory)
    if not index["vectors"]:
        raise VectorsUnusable(f"{directory / 'index.json'} names no vector, so there is nothing to check")
    try:
        vectors = tuple(_vector(directory, entry) for entry in index["vectors"])
    except (KeyError, TypeError, ValueError) as failure:
        raise VectorsUnusable(
            f"{directory}: an entry is not as tests/vectors/README.md says ({failure!r})"
        ) from failure
    return VectorFolder(directory, ground, vectors)


def ground_of(directory: Path) -> Ground:
    """Root, verified trust list and algorithms of these vectors.

    Raises:
        VectorsUnusable: One of them is missing, or refused; or the vectors need an algorithm that is not here.
    """
    index = index_of(directory)
    algorithms = _algorithms(directory, index.get("algorithms", []))
    try:
        root = root_keys.load(cbor.decode(document(directory, index["root"])), algorithms=algorithms)
        trust = trust_list.verify(document(directory, index["trust"]), root=root, algorithms=algorithms)
        return Ground(root, trust, algorithms)
    except ProtocolError as failure:
        raise VectorsUnusable(f"the trust list of {directory} is refused: {failure.code}: {failure}") from failure


def given_by_input(form: Format, content: str, *, private_key: bytes | None) -> Given:
    """What stands on standard input by the contract for programs, without the line end that ends it.

    Raises:
        ValueError: It is no input for this format.
    """
    line = content.removesuffix("\n")
    # Hexadecimal of ours has neither the capital letters nor the colon of a code's prefix.
    is_hex = form in _BYTES or (form is Format.BUNDLE and _HEX.fullmatch(line) is not None)
    given = Given(
        # A line end inside of a text belongs to it; only an animation has several texts.
        texts=() if is_hex else tuple(line.split("\n")) if form is Format.ANIMATED else (line,),
        content=bytes.fromhex(line) if is_hex else None,
        private_key=private_key,
    )
    return _checked(form, given)


def _checked(form: Format, given: Given) -> Given:
    if (form in _BYTES and given.content is None) or (form not in _MAY_BE_BYTES and not given.texts):
        raise ValueError(f"a vector of format {form.value} has another input")
    if form is Format.SEALED and given.private_key is None:
        raise ValueError("a sealed presentation without the key that opens it")
    return given


def _algorithms(directory: Path, further: Any) -> AlgorithmTable:
    """The default table with those that the index names besides."""
    match further:
        case []:
            return DEFAULT_ALGORITHMS
        case [FurtherAlg.SM2_SM3]:
            pass
        case _:
            raise VectorsUnusable(f"{directory / 'index.json'} asks for algorithms that are not known here: {further}")
    try:
        return DEFAULT_ALGORITHMS.including(sm2.algorithm(sm2_libcrypto.open_provider()))
    except sm2_libcrypto.Sm2Unavailable as unavailable:
        raise VectorsUnusable(f"the vectors of {directory} need SM2, and {unavailable}") from unavailable


def index_of(directory: Path) -> Mapping[str, Any]:
    """The folder's index.

    Raises:
        VectorsUnusable: There is none, or it is one of another version.
    """
    index = json_document(directory, "index.json")
    if (
        not isinstance(index, dict)
        or index.get("version") != VERSION
        or not isinstance(index.get("vectors"), list)
        or not all(isinstance(index.get(name), str) for name in ("root", "trust"))
    ):
        raise VectorsUnusable(
            f"{directory / 'index.json'} is no index of version {VERSION}; see tests/vectors/README.md"
        )
    return index


def _vector(directory: Path, entry: Mapping[str, Any]) -> Vector:
    content = json_document(directory, entry["file"])
    expected = content["expected"]
    if (expected["class"] == "read") is ("code" in expected):
        raise ValueError(f"{entry['file']}: a good vector has no code, and a bad one has one")
    if any(entry.get(name) != expected.get(name) for name in ("class", "code", "stage")):
        raise ValueError(f"{entry['file']}: the index expects something else than the file")
    at = content["at"]
    if type(at) is not int or not 0 <= at <= limits.MAX_TIME:
        raise ValueError(f"{entry['file']}: at is no moment")
    form = Format(entry["format"])
    return Vector(
        file=entry["file"],
        format=form,
        at=UnixTime(at),
        given=_checked(form, _given(content)),
        expected=expected,
        stage=Stage(expected.get("stage", Stage.READING)),
        stages=entry.get("bytes", {}),
    )


def _given(content: Mapping[str, Any]) -> Given:
    texts = content.get("texts", [content["text"]] if "text" in content else [])
    if not all(isinstance(each, str) and len(each) <= _MAX_TEXT_CHARACTERS for each in texts):
        raise ValueError("a text that is none, or far too long")
    if bool(texts) is ("hex" in content):
        raise ValueError("not exactly one of text, texts and hex")
    return Given(
        texts=tuple(texts),
        content=bytes.fromhex(content["hex"]) if "hex" in content else None,
        private_key=bytes.fromhex(content["private_key"]) if "private_key" in content else None,
    )


def json_document(directory: Path, name: str) -> Any:
    """What a JSON file of this folder says.

    Raises:
        VectorsUnusable: As `document`, or it is none.
    """
    try:
        return json.loads(document(directory, name))
    except ValueError as failure:
        raise VectorsUnusable(f"{directory / name} is no JSON ({failure})") from failure


def document(directory: Path, name: str) -> bytes:
    """A file of this folder.

    Raises:
        VectorsUnusable: It is missing, lies outside of the folder, or is larger than any file of test vectors.
    """
    path = directory / name
    # Vectors come from others: their index names no file outside of their own folder.
    if not path.resolve().is_relative_to(directory.resolve()):
        raise VectorsUnusable(f"{name} lies outside of {directory}")
    try:
        with path.open("rb") as opened:
            content = opened.read(_MAX_FILE_BYTES + 1)
    except OSError as failure:
        raise VectorsUnusable(f"{path}: {failure.strerror}; give a directory with index.json") from failure
    if len(content) > _MAX_FILE_BYTES:
        raise VectorsUnusable(f"{path} is larger than any file of test vectors")
    return content
