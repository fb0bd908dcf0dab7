"""The vectors on disk: unchanged by regeneration, and each answered as its file says, from the files alone."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from protocol import cbor, directory, keys, status_list, trust_list
from protocol.errors import Code, ProtocolError
from protocol.licence import catalogue
from protocol.trust_list import TrustList
from protocol.unixtime import UnixTime
from tests.utopia.world import read
from tests.vectors import generate

FOLDER = Path(__file__).parent
INDEX: list[dict[str, Any]] = json.loads((FOLDER / "index.json").read_bytes())["vectors"]


@cache
def root() -> keys.VerificationKey:
    return keys.load_cose_key(cbor.decode((FOLDER / "documents/root-key.cbor").read_bytes()))


@cache
def trust() -> TrustList:
    return trust_list.verify((FOLDER / "documents/trust-list.cbor").read_bytes(), root=root())


def test_regeneration_leaves_no_difference() -> None:
    assert generate.differences(generate.files()) == []


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["file"])
def test_vector(entry: dict[str, Any]) -> None:
    content = json.loads((FOLDER / entry["file"]).read_bytes())
    at = UnixTime(content["at"])
    expected = content["expected"]
    if expected.get("stage") == "reading":
        with pytest.raises(ProtocolError) as caught:
            read(content["text"], trust=trust(), at=at)
        assert caught.value.code == expected["code"] == entry["code"]
        return
    found = read(content["text"], trust=trust(), at=at)
    if expected["class"] == "read":
        assert generate.good_file(content["name"], content["notes"], content["text"], found) == content


def test_most_vectors_are_negative() -> None:
    """SECURITY.md, "Goals": at least 70 %."""
    negative = [entry for entry in INDEX if entry["class"] != "read"]
    assert len(negative) >= 0.7 * len(INDEX)
    assert {entry["code"] for entry in negative} <= set(Code)


def test_documents() -> None:
    documents = {path.name: path.read_bytes() for path in (FOLDER / "documents").iterdir()}
    assert catalogue.verify(documents["catalogue.cbor"], root=root()).kinds
    assert directory.verify(documents["wallet-directory.cbor"], root=root()).assertion_keys
    token = status_list.verify(documents["status-list.cbor"], trust=trust(), at=UnixTime(INDEX[0]["at"]))
    assert [token.entries.value(idx) for idx in range(8)] == [0, 0, 0, 1, 0, 2, 0, 3]
