"""The vectors on disk: unchanged by regeneration, each answered as its file says, and as the index promises."""

import json
from collections import Counter
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import cbor2
import pytest

from liangzheng.errors import VectorsUnusable
from liangzheng.vectors import checking, folder
from liangzheng.vectors.folder import Format, Vector, VectorFolder
from protocol import cbor, cose_sign1, directory, keys, sealing, sm2_libcrypto, status_list, trust_list
from protocol.errors import Code
from protocol.labels import Alg
from protocol.licence import catalogue
from protocol.qr import base45
from protocol.sm2_libcrypto import Sm2Unavailable
from protocol.trust_list import TrustList
from protocol.unixtime import UnixTime
from tests.protocol import test_challenge, test_mandate, test_paper, test_receipt
from tests.utopia.kinds import fixed_kinds
from tests.utopia.world import World
from tests.vectors import generate
from tests.vectors.from_roots import Recorded
from tests.vectors.vector import SubFolder

FOLDER = Path(__file__).parent
INDEX: list[dict[str, Any]] = json.loads((FOLDER / "index.json").read_bytes())["vectors"]
KEYS: dict[str, dict[str, Any]] = json.loads((FOLDER / "documents/keys.json").read_bytes())
LOADED: VectorFolder = folder.load(FOLDER)
GOOD = [entry for entry in INDEX if entry["class"] == "read"]
NEW = [form for form in Format if form is not Format.PRESENTATION]

SIGNED = (
    *("kbt", "cwt", "challenge", "certificate", "receipt", "paper", "document", "staff_certificate"),
    *("officers_act", "enrolment_request", "terminal_row", "renewal"),
)
"""Members of `bytes` that somebody signed."""


@cache
def root() -> keys.VerificationKey:
    return keys.load_cose_key(cbor.decode((FOLDER / "documents/root-key.cbor").read_bytes()))


@cache
def trust() -> TrustList:
    return trust_list.verify((FOLDER / "documents/trust-list.cbor").read_bytes(), root=root())


def file_of(entry: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / entry["file"]).read_bytes())
    return content


def test_regeneration_leaves_no_difference() -> None:
    assert generate.differences(generate.files()) == []


@pytest.mark.parametrize("vector", LOADED.vectors, ids=lambda vector: vector.file)
def test_vector(vector: Vector) -> None:
    outcome = checking.judged(vector, checking.OwnLibrary(LOADED.ground).answer(vector), checking.Role.READER)
    assert outcome.faults == ()
    if vector.is_good:
        # All but the class, and every stage.
        assert outcome.compared == len(vector.expected) - 1 + len(vector.stages)


SUB_FOLDERS = {
    "sm2": generate.from_further_algorithms.sm2_folder,
    "root-pair": lambda world: generate.from_roots.pair_folder(world, Recorded.load()),
}


@pytest.fixture(scope="module", params=SUB_FOLDERS)
def sub_folder(request: pytest.FixtureRequest) -> SubFolder:
    """What such a folder is made from; SM2 by the reference of the tests."""
    made: SubFolder = SUB_FOLDERS[request.param](World(kinds=fixed_kinds()))
    return made


def answers(content: VectorFolder) -> list[tuple[str, tuple[str, ...]]]:
    library = checking.OwnLibrary(content.ground)
    judged = [(each, checking.judged(each, library.answer(each), checking.Role.READER)) for each in content.vectors]
    for vector, outcome in judged:
        assert not vector.is_good or outcome.compared == len(vector.expected) - 1 + len(vector.stages)
    return [(each.file, outcome.faults) for each, outcome in judged if outcome.faults]


def test_a_sub_folder_by_its_own_ground(sub_folder: SubFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any libcrypto: the files on disk, read by the algorithms that they were made with."""
    monkeypatch.setattr(folder, "ground_of", lambda directory: sub_folder.ground)
    loaded = folder.load(FOLDER / sub_folder.name)
    assert len(loaded.vectors) > 40
    assert sum(each.is_good for each in loaded.vectors) >= 1
    assert answers(loaded) == []


def test_root_pair() -> None:
    assert answers(folder.load(FOLDER / "root-pair")) == []


@pytest.mark.needs_sm2
def test_sm2_by_the_system_s_libcrypto() -> None:
    try:
        loaded = folder.load(FOLDER / "sm2")
    except VectorsUnusable as unusable:
        if isinstance(unusable.__cause__, Sm2Unavailable):
            pytest.skip(str(unusable))
        raise
    assert answers(loaded) == []


def test_sm2_vectors_without_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable() -> None:
        raise Sm2Unavailable("none is on this system")

    monkeypatch.setattr(sm2_libcrypto, "open_provider", unavailable)
    with pytest.raises(VectorsUnusable, match="need SM2, and none is on this system"):
        folder.load(FOLDER / "sm2")


def test_recorded_signatures_are_all_in_use() -> None:
    """The file has exactly what the generator asks for."""
    recorded = Recorded.load()
    world = World(kinds=fixed_kinds())
    made = generate.from_roots.pair_folder(world, recorded)
    assert recorded.known == recorded.used
    assert len(recorded.used) > 8
    assert made.further["signatures.json"] == (FOLDER / "root-pair/signatures.json").read_bytes()


def test_most_vectors_are_negative() -> None:
    """SECURITY.md, "Goals": at least 70 %."""
    negative = [entry for entry in INDEX if entry["class"] != "read"]
    assert len(negative) >= 0.7 * len(INDEX)
    assert {entry["code"] for entry in negative} <= set(Code)


@pytest.mark.parametrize("form", NEW)
def test_every_format_has_good_and_bad_ones(form: Format) -> None:
    classes = Counter(entry["class"] == "read" for entry in INDEX if entry["format"] == form)
    assert classes[True] >= 3
    assert classes[False] >= 6
    assert len({entry["code"] for entry in INDEX if entry["format"] == form and "code" in entry}) >= 3


def test_good_ones_say_what_was_stated() -> None:
    """Against the statements themselves, so that a reader and a writer that err together are noticed."""

    def expected(name: str) -> dict[str, Any]:
        found: dict[str, Any] = file_of({"file": f"good/{name}.json"})["expected"]
        return found

    asked, certified = test_challenge.REQUEST, test_challenge.CERTIFIED
    found = expected("challenge-of-a-window")
    assert (found["reason"], found["nonce"]) == (asked.reason, asked.nonce.hex())
    assert (found["certificate"]["place"], found["certificate"]["terminal"]) == (certified.place, certified.terminal)
    stated = test_receipt.RECEIPT
    found = expected("receipt-of-two-licences")
    assert found["journal"] == [stated.journal_position, stated.journal_head.hex()]
    assert [each["presentation"] for each in found["shown"]] == [each.presentation.hex() for each in stated.shown]
    found = expected("paper-signed-with-esp256")
    assert (found["masked_name"], found["last_four"]) == (test_paper.GOOD.masked_name, test_paper.GOOD.last_four)
    assert expected("mandate-of-an-agent")["mandate"]["level"] == test_mandate.GOOD.level
    assert expected("mandate-of-an-agent")["oversteps"] == []
    assert expected("mandate-for-another-purpose")["oversteps"] == ["purpose"]
    assert expected("bundle-of-one-person")["link"] == "citizen_id"
    assert expected("bundle-of-two-people")["link"] == "none"
    assert [each["kind"] for each in expected("animated-two-senders")["wholes"]] == ["portrait", "portrait"]
    assert expected("animated-not-complete")["wholes"] == []
    (whole,) = expected("animated-one-wrong-frame")["wholes"]
    assert sha256(bytes.fromhex(whole["content"])).hexdigest() == whole["sha256"]


# The contract for ports: the stated bytes follow from one another, and from the stated keys.


def test_texts_are_base45_of_the_stated_bytes() -> None:
    outermost = {"kbt", "encrypt0", "challenge", "bundle", "paper", "enrolment"}
    seen = 0
    for entry in GOOD:
        stated = entry["bytes"]
        if stated.get("base45") is None:
            continue
        name = "encrypt0" if "encrypt0" in stated else next(iter(outermost & stated.keys()))
        assert base45.encode(bytes.fromhex(stated[name])) == stated["base45"]
        assert file_of(entry)["text"][4:] == stated["base45"]
        seen += 1
    assert seen > 25


@pytest.mark.parametrize("entry", GOOD, ids=lambda entry: entry["name"])
def test_stated_signatures_are_made_by_the_stated_keys(entry: dict[str, Any]) -> None:
    """A writer with these private keys and Sig_structures gets exactly these signatures."""
    signers = [
        keys.signer_for(Alg(key["alg"]), bytes.fromhex(key["private"]))
        for name, key in KEYS.items()
        if name in entry["keys"]
    ]
    pairs = [
        (stated[name], stated[f"{name}_sig_structure"])
        for stated in (entry["bytes"], *entry["bytes"].get("members", []))
        for name in SIGNED
        if f"{name}_sig_structure" in stated
    ]
    assert pairs or entry["format"] in (Format.ANIMATED, Format.ENROLMENT)
    for encoded, signed in pairs:
        structure: Any = cbor.decode(bytes.fromhex(encoded))
        protected, _, payload, signature = structure.value
        assert cose_sign1.sig_structure(protected, payload).hex() == signed
        assert signature in {signer.sign(bytes.fromhex(signed)) for signer in signers}


@pytest.mark.parametrize(
    "entry",
    [entry for entry in GOOD if entry["format"] in (Format.PRESENTATION, Format.MANDATE)],
    ids=lambda entry: entry["name"],
)
def test_a_stranger_writes_the_same_code_by_the_readme_alone(entry: dict[str, Any]) -> None:
    """README, "Writing": another CBOR library, the stated claims, the stated key; none of our encoders."""
    stated, content = entry["bytes"], file_of(entry)
    binding = content["expected"]["key_binding"]
    (holder,) = [KEYS[name] for name in entry["keys"] if name.startswith(("holder", "agent"))]
    payload = {3: content["expected"]["aud"], 4: binding["exp"], 6: binding["iat"]}
    if binding["cnonce"] is not None:
        payload[39] = bytes.fromhex(binding["cnonce"])
    credential = cbor2.loads(bytes.fromhex(stated["cwt"]))
    protected = cbor2.dumps({1: holder["alg"], 13: credential, 16: 294})
    signed = cbor2.dumps(["Signature1", protected, b"", cbor2.dumps(payload)])
    assert signed.hex() == stated["kbt_sig_structure"]
    signature = keys.signer_for(Alg(holder["alg"]), bytes.fromhex(holder["private"])).sign(signed)
    encoded = cbor2.dumps(cbor2.CBORTag(18, [protected, {}, cbor2.dumps(payload), signature]))
    assert encoded.hex() == stated["kbt"]


def test_replay_keys_and_nonces_are_hashes_of_sig_structures() -> None:
    for entry in GOOD:
        stated, expected = entry["bytes"], file_of(entry)["expected"]
        if "replay_key" in expected:
            assert expected["replay_key"] == stated["kbt_sig_structure_sha256"]
            assert sha256(bytes.fromhex(stated["kbt_sig_structure"])).hexdigest() == expected["replay_key"]
        if "cnonce" in expected:
            assert expected["cnonce"] == stated["challenge_sig_structure_sha256"][:32]


def test_seals_are_made_again_from_the_stated_secrets() -> None:
    sealed = [entry for entry in GOOD if entry["format"] == Format.SEALED]
    assert sealed
    for entry in sealed:
        content = file_of(entry)
        made = sealing.seal(
            bytes.fromhex(entry["bytes"]["kbt"]),
            recipient=sealing.sealing_key(bytes.fromhex(content["private_key"])),
            ephemeral_key=bytes.fromhex(content["making"]["ephemeral_key"]),
        )
        assert made.hex() == entry["bytes"]["encrypt0"]


def test_keys_are_what_they_say() -> None:
    for key in KEYS.values():
        public = keys.signer_for(Alg(key["alg"]), bytes.fromhex(key["private"])).public_key
        assert cbor.encode(public.cose_key).hex() == key["cose_key"]
        assert (public.thumbprint.hex(), keys.kid_of(public).hex()) == (key["thumbprint"], key["kid"])
    assert KEYS["root"]["thumbprint"] == root().thumbprint.hex()
    trusted = {anchor.key.thumbprint.hex() for anchor in trust().anchors.values()}
    assert {KEYS[name]["thumbprint"] for name in ("mandate", "paper-esp256", "terminal-authority")} <= trusted
    assert KEYS["terminal"]["thumbprint"] not in trusted


def test_documents() -> None:
    documents = {path.name: path.read_bytes() for path in (FOLDER / "documents").iterdir()}
    assert catalogue.verify(documents["catalogue.cbor"], root=root()).kinds
    assert directory.verify(documents["wallet-directory.cbor"], root=root()).anchors
    token = status_list.verify(documents["status-list.cbor"], trust=trust(), at=UnixTime(INDEX[0]["at"]))
    assert [token.entries.value(idx) for idx in range(8)] == [0, 0, 0, 1, 0, 2, 0, 3]
