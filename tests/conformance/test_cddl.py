"""The grammar in docs/spec is run: a CDDL validator (RFC 8610) of others reads our vectors by it.

What a page says in CDDL is what our bytes are, and what has another structure is refused by the grammar alone. Rules
that no grammar can say (signatures, relations of moments, hashes, points of curves) are the readers' own.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from cddl_verifier import Validator, schema_diagnostics

from protocol import licence_package
from protocol.keys import Ed25519Signer
from protocol.qr import base45
from tests.wallet.issued import Authority, encoded

ROOT: Final = Path(__file__).parents[2]
SPEC: Final = ROOT / "docs" / "spec"
VECTORS: Final = ROOT / "tests" / "vectors"
INDEX: Final[list[dict[str, Any]]] = json.loads((VECTORS / "index.json").read_bytes())["vectors"]

GRAMMAR: Final = "\n".join(
    block for page in sorted(SPEC.glob("*.md")) for block in re.findall(r"```cddl\n(.*?)```", page.read_text(), re.S)
)
VALIDATOR: Final = Validator(GRAMMAR)

BYTES: Final = {
    "kbt": "lz1-kbt", "challenge": "lc1", "receipt": "receipt", "paper": "ls1", "bundle": "lb1",
    "encrypt0": "lz1-sealed", "document": "trust-list",
    "staff_certificate": "staff-certificate", "officers_act": "officers-act",
    "enrolment": "lt1", "enrolment_request": "enrolment-request", "terminal_row": "terminal-row", "renewal": "renewal",
}  # fmt: skip
"""Entries of the index' `bytes`, and the rule that describes them."""
DOCUMENTS: Final = {
    "trust-list": "trust-list", "catalogue": "catalogue", "policy": "policy", "wallet-directory": "directory",
    "credential": "lz1-cwt", "status-list": "status-token", "root-key": "cose-key",
}  # fmt: skip
FORMATS: Final = {
    "presentation": "lz1-kbt", "mandate": "lz1-kbt", "challenge": "lc1", "paper": "ls1", "bundle": "lb1",
    "sealed": "lz1-sealed", "receipt": "receipt", "trust-list": "trust-list",
    "staff-certificate": "staff-certificate", "officers-act": "officers-act",
    "enrolment": "lt1", "enrolment-request": "enrolment-request", "terminal-row": "terminal-row", "renewal": "renewal",
}  # fmt: skip
BY_GRAMMAR: Final = frozenset(
    {
        "E_SHAPE", "E_TYP", "E_HDR_UNKNOWN", "E_HDR_UNPROT", "E_KCWT", "E_TIME_TYPE", "E_SD_EMPTY", "E_SD_FORBIDDEN",
    }
)  # fmt: skip
"""Reasons that speak of structure: the grammar refuses every vector of theirs."""
BEYOND_GRAMMAR: Final = {
    "bundle-the-same-twice": "no two members are equal",
    "sealed-inside-a-credential": "the type stands behind the seal",
}


def test_the_pages_are_one_grammar_without_gaps() -> None:
    assert [str(each) for each in schema_diagnostics(GRAMMAR)] == []


def test_what_a_pair_of_roots_signs_is_what_the_grammar_says() -> None:
    """A folder of its own: its root, its one good list, and every list of another structure."""
    directory = VECTORS / "root-pair"
    assert VALIDATOR.validate((directory / "documents/root-key.cbor").read_bytes(), root_type="root-key").valid
    assert VALIDATOR.validate((VECTORS / "documents/root-key.cbor").read_bytes(), root_type="root-key").valid
    seen = 0
    for entry in json.loads((directory / "index.json").read_bytes())["vectors"]:
        if entry["class"] == "read" or entry["code"] in BY_GRAMMAR:
            content = bytes.fromhex(json.loads((directory / entry["file"]).read_bytes())["hex"])
            good = entry["class"] == "read"
            assert VALIDATOR.validate(content, root_type="trust-list-of-a-pair").valid is good, entry["name"]
            seen += 1
    assert seen > 15


def _good() -> Iterator[Any]:
    for entry in INDEX:
        for name, rule in BYTES.items():
            content = entry.get("bytes", {}).get(name)
            if isinstance(content, str):
                yield pytest.param(bytes.fromhex(content), rule, id=f"{entry['name']}-{name}")
    for name, rule in DOCUMENTS.items():
        yield pytest.param((VECTORS / "documents" / f"{name}.cbor").read_bytes(), rule, id=name)


@pytest.mark.parametrize(("content", "rule"), [*_good()])
def test_what_we_write_is_what_the_grammar_says(content: bytes, rule: str) -> None:
    assert [str(each) for each in VALIDATOR.validate(content, root_type=rule).diagnostics] == []


def test_a_licence_package_is_what_the_grammar_says() -> None:
    package = encoded(Authority().package(Ed25519Signer(b"\x05" * 32).public_key))
    assert VALIDATOR.validate(package, root_type="licence-package").valid
    assert licence_package.decode(package).portrait is not None
    assert not VALIDATOR.validate(package[:1] + b"\x01\x02" + package[3:], root_type="licence-package").valid


def _bad() -> Iterator[Any]:
    for entry in INDEX:
        if entry.get("code") not in BY_GRAMMAR or entry["format"] not in FORMATS or entry.get("stage") != "reading":
            continue
        vector = json.loads((VECTORS / entry["file"]).read_bytes())
        content = bytes.fromhex(vector["hex"]) if "hex" in vector else base45.decode(vector["text"][4:])
        yield pytest.param(entry["name"], content, FORMATS[entry["format"]], id=entry["name"])


@pytest.mark.parametrize(("name", "content", "rule"), [*_bad()])
def test_what_has_another_structure_is_refused_by_the_grammar_alone(name: str, content: bytes, rule: str) -> None:
    assert VALIDATOR.validate(content, root_type=rule).valid is (name in BEYOND_GRAMMAR)
