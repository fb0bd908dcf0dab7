"""The portability page cannot rot: its bytes are computed from the vectors, by code that shares nothing with ours."""

from hashlib import sha256
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from protocol import keys
from protocol.labels import Alg
from tests.conformance import port, portability_page

PRESENTATIONS = [each["name"] for each in port.INDEX if each["class"] == "read" and "kbt" in each["bytes"]]
IN_PLAIN = [each["name"] for each in port.INDEX if each["class"] == "read" and each["format"] == "presentation"]
SEALED = [each["name"] for each in port.INDEX if each["class"] == "read" and each["format"] == "sealed"]
CHALLENGES = [each["name"] for each in port.INDEX if each["class"] == "read" and each["format"] == "challenge"]
ANIMATED = [each["name"] for each in port.INDEX if each["class"] == "read" and each["format"] == "animated"]


def test_the_page_shows_what_is_computed() -> None:
    """`python -m tests.conformance.portability_page` writes the blocks anew."""
    page = portability_page.PAGE.read_text(encoding="utf-8")
    assert sorted(portability_page.names(page)) == sorted(port.examples())
    assert portability_page.filled(page) == page


def test_a_wrong_byte_on_the_page_is_noticed() -> None:
    page = portability_page.PAGE.read_text(encoding="utf-8")
    shown = port.examples()["replay-key"]
    assert portability_page.filled(page.replace(shown, shown[:-1] + "0")) == page
    assert shown in page


@pytest.mark.parametrize("name", IN_PLAIN)
def test_presentations_are_written_from_their_values(name: str) -> None:
    """Credential, chosen disclosures, moments and audience give the bytes that are signed, and the text."""
    stated = port.stated(name)
    cwt = bytes.fromhex(stated["cwt"])
    disclosures = port.sign1(cwt)[1].get(17, [])
    assert port.chosen(cwt, disclosures) == cwt
    protected = port.kbt_protected(-9 if "ed25519-holder" not in name else -19, cwt)
    payload = port.kbt_payload(name)
    assert port.sig_structure(protected, payload).hex() == stated["kbt_sig_structure"]
    signature = port.sign1(bytes.fromhex(stated["kbt"]))[3]
    assert port.kbt(protected, payload, signature).hex() == stated["kbt"]
    assert port.base45(bytes.fromhex(stated["kbt"])) == stated["base45"]


@pytest.mark.parametrize("name", PRESENTATIONS)
def test_p256_signatures_are_low(name: str) -> None:
    signature = port.sign1(bytes.fromhex(port.stated(name)["kbt"]))[3]
    if "ed25519-holder" in name:
        return
    assert port.low_s(signature) == port.low_s(port.high_s(signature)) == signature
    r, s = decode_dss_signature(port.der(port.high_s(signature)))
    assert s > port.P256_ORDER // 2
    assert port.low_s(r.to_bytes(32) + s.to_bytes(32)) == signature


def test_the_port_s_credential_is_the_issuer_s_with_fewer_disclosures() -> None:
    """Choosing takes disclosures out and changes nothing else."""
    issued = (port.VECTORS / "documents/credential.cbor").read_bytes()
    every = port.sign1(issued)[1][17]
    for name in (port.FLEXIBLE, "nothing-disclosed", "group-without-its-members", "everything-disclosed"):
        cwt = bytes.fromhex(port.stated(name)["cwt"])
        shown = port.sign1(cwt)[1].get(17, [])
        assert set(shown) <= set(every)
        assert port.chosen(issued, shown) == cwt
    assert port.sign1(bytes.fromhex(port.stated("nothing-disclosed")["cwt"]))[1] == {}


def test_disclosures_and_hashes() -> None:
    """Every disclosure of the issuer's belongs to one hash: in the signed map, or in the value of another one."""
    issued = (port.VECTORS / "documents/credential.cbor").read_bytes()
    _, unprotected, payload, _ = port.sign1(issued)
    everything = [payload, *unprotected[17]]
    for disclosure in unprotected[17]:
        digest = sha256(port.bstr(disclosure)).digest()
        assert sum(content.count(digest) for content in everything) == 1
        salt, _, key = cbor2.loads(disclosure)
        assert len(salt) == 16
        assert isinstance(key, int)


def test_thumbprints() -> None:
    for key in port.KEYS.values():
        digest = sha256(port.thumbprint_input(cbor2.loads(bytes.fromhex(key["cose_key"])))).digest()
        assert (digest.hex(), digest[:8].hex()) == (key["thumbprint"], key["kid"])
        assert port.deterministic(cbor2.loads(bytes.fromhex(key["cose_key"]))).hex() == key["cose_key"]


@pytest.mark.parametrize("name", CHALLENGES)
def test_cnonces(name: str) -> None:
    stated = port.stated(name)
    protected, _, payload, _ = port.sign1(bytes.fromhex(stated["challenge"]))
    digest = sha256(port.sig_structure(protected, payload)).digest()
    assert digest[:16].hex() == stated["cnonce"] == port.file_of(name)["expected"]["cnonce"]


@pytest.mark.parametrize("name", SEALED)
def test_seals(name: str) -> None:
    assert port.seal(name)["sealed"].hex() == port.stated(name)["encrypt0"]


def test_bundles() -> None:
    for each in port.INDEX:
        if each["class"] == "read" and each["format"] == "bundle":
            members = [bytes.fromhex(member["kbt"]) for member in each["bytes"]["members"]]
            assert (port.head(4, len(members)) + b"".join(members)).hex() == each["bytes"]["bundle"]


@pytest.mark.parametrize("name", ANIMATED)
def test_frames(name: str) -> None:
    """Each frame is computed from the whole that must come out; the one that was forged on purpose is another."""
    stated: Any = [bytes.fromhex(frame) for frame in port.stated(name)["frames"]]
    wholes = port.file_of(name)["expected"]["wholes"]
    made = 0
    for whole in wholes:
        content = bytes.fromhex(whole["content"])
        ours = [frame for frame in stated if frame[:8] == sha256(content).digest()[:8]]
        kind, count = ours[0][8], ours[0][11]
        made += sum(left == right for left, right in zip(ours, _made(content, kind, count, ours), strict=True))
    assert made == (len(stated) if wholes else 0) - (1 if name == "animated-one-wrong-frame" else 0)


def _made(content: bytes, kind: int, count: int, like: list[bytes]) -> list[bytes]:
    return port.frames(content, kind, count, [frame[12] for frame in like])


def test_our_own_signer_agrees_with_the_port() -> None:
    """The one look across: what the port would sign, signed by the stated key, is what the vector has."""
    for name, key in (("view-ed25519-issuer-esp256-holder", "holder-esp256"),):
        stated = port.stated(name)
        signer = keys.signer_for(Alg(port.KEYS[key]["alg"]), bytes.fromhex(port.KEYS[key]["private"]))
        signature = signer.sign(bytes.fromhex(stated["kbt_sig_structure"]))
        assert port.sign1(bytes.fromhex(stated["kbt"]))[3] == port.low_s(signature) == signature
