"""Signed documents: catalogue, policy, directory, trust list; round trips, and every leaf of each forged in turn."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from protocol import appraisal_policy, cbor, cose_sign1, directory, keys, labels, limits, trust_list
from protocol.directory import Office, PurposeItems, Site, WalletDirectory
from protocol.errors import (
    HeaderUnknown,
    IssuerUnknown,
    ProtocolError,
    SchemaError,
    ShapeError,
    SizeError,
    TimeOrderError,
    TimeTypeError,
    TypError,
)
from protocol.keys import VerificationKey
from protocol.labels import Lic, Purpose
from protocol.licence import catalogue
from protocol.unixtime import DAY, UnixTime
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import BEGINNING, WUYOU, World

WORLD = World()
ROOT = WORLD.roots[WUYOU]
LATER = UnixTime(BEGINNING + DAY)


def _directory() -> WalletDirectory:
    return WalletDirectory(
        WUYOU,
        4,
        BEGINNING,
        LATER,
        WORLD.kinds,
        {(DRIVING_LICENCE, Purpose.WINDOW): PurposeItems(frozenset({Lic.NAME, Lic.CLASS}), frozenset({Lic.ADDRESS}))},
        trust_list.index(tuple(each for each in WORLD.anchors() if each.use in directory.USES)),
        {"00A7": Site("乌有市政务服务中心", "乌有市数据局")},
        frozenset({bytes(range(8))}),
        (Office("乌有市车管所", "虚构区演示路9号", "12345", frozenset({DRIVING_LICENCE})),),
    )


@dataclass(frozen=True)
class Document:
    """One kind of signed document, made and read."""

    typ: str
    body_label: int
    encoded: bytes
    verify: Callable[..., Any]

    def __str__(self) -> str:
        return self.typ


DOCUMENTS = [
    Document(labels.TYP_CATALOGUE, labels.CLAIM_KINDS, catalogue.sign(WORLD.catalogue(), ROOT), catalogue.verify),
    Document(
        labels.TYP_POLICY,
        labels.CLAIM_POLICY_ROWS,
        appraisal_policy.sign(WORLD.policy([WORLD.policy_row(DRIVING_LICENCE, Purpose.WINDOW)]), ROOT),
        appraisal_policy.verify,
    ),
    Document(labels.TYP_DIRECTORY, labels.CLAIM_CATALOGUE, directory.sign(_directory(), ROOT), directory.verify),
    Document(labels.TYP_TRUST, labels.CLAIM_ANCHORS, WORLD.trust_bytes(), trust_list.verify),
]
every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=str)


def payload_of(encoded: bytes) -> dict[cbor.Key, cbor.Value]:
    parsed: Any = cbor.decode(encoded)
    return dict(cbor.decode(parsed.value[2], max_items=limits.MAX_DOCUMENT_ITEMS))  # type: ignore[call-overload]  # a map


def signed(document: Document, payload: Mapping[Any, Any], **headers: Any) -> bytes:
    protected = {labels.HDR_KID: keys.kid_of(ROOT.public_key), labels.HDR_TYP: document.typ}
    return cbor.encode(cose_sign1.sign1(protected, cbor.encode(payload), ROOT))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything that is no map and no array."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from leaves(member, (*path, key))
    elif isinstance(value, tuple):
        for index, member in enumerate(value):
            yield from leaves(member, (*path, index))
    else:
        yield path


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    if isinstance(value, Mapping):
        return {**value, path[0]: replaced(value[path[0]], path[1:], new)}
    return (*value[: path[0]], replaced(value[path[0]], path[1:], new), *value[path[0] + 1 :])


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


WRONG: dict[type, tuple[Any, ...]] = {
    int: (True, "1", b"", (), None),
    bool: (0, 1, None, "true"),
    str: (1, b"", (), "\u202e", None, True),
    bytes: (b"", "text", 1, None),
    type(None): (b"", True, (), -1),
}


def test_round_trips() -> None:
    root = ROOT.public_key
    assert catalogue.verify(catalogue.sign(WORLD.catalogue(), ROOT), root=root).kinds == WORLD.kinds
    policy = WORLD.policy()
    assert appraisal_policy.verify(appraisal_policy.sign(policy, ROOT), root=root) == policy
    assert directory.verify(directory.sign(_directory(), ROOT), root=root) == _directory()


@every_document
def test_signed_again_it_is_the_same_bytes(document: Document) -> None:
    assert signed(document, payload_of(document.encoded)) == document.encoded


@every_document
def test_every_leaf_forged_is_refused(document: Document) -> None:
    """Signed by the root itself: a mistake of the publisher is found by whoever reads the document."""
    payload = payload_of(document.encoded)
    tried, accepted = 0, []
    for path in leaves(payload):
        for wrong in WRONG[type(at(payload, path))]:
            tried += 1
            try:
                document.verify(signed(document, replaced(payload, path, wrong)), root=ROOT.public_key)
            except ProtocolError:
                continue
            accepted.append((path, wrong))
    assert accepted == []
    assert tried > 40


def maps(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every map."""
    members = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, tuple) else ()
    if isinstance(value, Mapping):
        yield path
    for step, member in members:
        yield from maps(member, (*path, step))


@every_document
def test_every_entry_missing_is_refused(document: Document) -> None:
    payload = payload_of(document.encoded)
    tried = 0
    for path in maps(payload):
        whole = at(payload, path)
        # A kind may have any views, or none.
        for gone in () if path[-1:] == (catalogue.KindLabel.VIEWS,) else whole:
            tried += 1
            without = {key: value for key, value in whole.items() if key != gone}
            with pytest.raises(ProtocolError):
                document.verify(signed(document, replaced(payload, path, without)), root=ROOT.public_key)
    assert tried >= 20


@every_document
def test_envelope(document: Document) -> None:
    root: VerificationKey = ROOT.public_key
    payload = payload_of(document.encoded)
    for forged, error in (
        ({**payload, labels.CLAIM_EXP: payload[labels.CLAIM_IAT]}, TimeOrderError),
        ({**payload, labels.CLAIM_IAT: True}, TimeTypeError),
        ({**payload, labels.CLAIM_SEQ: 0}, SchemaError),
        ({**payload, labels.CLAIM_SEQ: True}, SchemaError),
        ({**payload, labels.CLAIM_ISS: ""}, SchemaError),
        ({**payload, 99: 1}, ShapeError),
        ({**payload, document.body_label: ()}, SchemaError),
        ({**payload, document.body_label: None}, SchemaError),
    ):
        with pytest.raises(error):
            document.verify(signed(document, forged), root=root)
    with pytest.raises(SizeError):
        document.verify(bytes(limits.MAX_DOCUMENT_BYTES + 1), root=root)
    with pytest.raises(IssuerUnknown):
        document.verify(document.encoded, root=WORLD.roots["980000"].public_key)
    for other in DOCUMENTS:
        if other.typ != document.typ:
            with pytest.raises(TypError):
                document.verify(other.encoded, root=root)
    crit = cose_sign1.sign1(
        {labels.HDR_KID: keys.kid_of(root), labels.HDR_TYP: document.typ, labels.HDR_CRIT: (labels.HDR_TYP,)},
        cbor.encode(payload),
        ROOT,
    )
    with pytest.raises(HeaderUnknown):
        document.verify(cbor.encode(crit), root=root)


@every_document
def test_bent_bits(document: Document) -> None:
    for position in range(0, len(document.encoded) * 8, 61):
        bent = bytearray(document.encoded)
        bent[position // 8] ^= 1 << position % 8
        with pytest.raises(ProtocolError):
            document.verify(bytes(bent), root=ROOT.public_key)


def test_twice_the_same() -> None:
    """Two kinds with one number, two items with one key, two rows for one purpose: publishing errors."""
    for document in DOCUMENTS:
        payload = payload_of(document.encoded)
        body: Any = payload[document.body_label]
        if isinstance(body, tuple):
            with pytest.raises(SchemaError):
                document.verify(
                    signed(document, {**payload, document.body_label: (*body, body[0])}), root=ROOT.public_key
                )
            continue
        for label, entries in body.items():
            doubled = {**payload, document.body_label: {**body, label: (*entries, entries[0])}}
            with pytest.raises(SchemaError):
                document.verify(signed(document, doubled), root=ROOT.public_key)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (catalogue.ItemType.TEXT, ("", 1, "a" * 241, "\u202e", "\ud800", None, b"a", "a\nb")),
        (catalogue.ItemType.CITIZEN_ID, ("", 1, b"1")),
        (catalogue.ItemType.DATE, (True, 0, 20260230, 2**62, -(2**62), "20260101", 20260101.0)),
        (catalogue.ItemType.INTEGER, (True, -1, 2**53, "1", 1.0)),
        (catalogue.ItemType.DIGEST, (b"", b"d" * 31, b"d" * 33, "d" * 32)),
    ],
)
def test_values_that_an_item_may_not_have(kind: catalogue.ItemType, values: tuple[Any, ...]) -> None:
    item = catalogue.Item(30, "tested", kind, 240, True, catalogue.Names("试", "試", "tested"), catalogue.Clear())
    for value in values:
        with pytest.raises(SchemaError, match="tested"):
            catalogue.check_value(item, value)


def test_values_that_an_item_may_have() -> None:
    kind = WORLD.kinds[DRIVING_LICENCE]
    issued = WORLD.credential()
    for key, value in issued.items.items():
        item = kind.item(key)
        assert item is not None
        assert kind.item_named(item.name) is item
        catalogue.check_value(item, value)


def test_documents_carry_the_size_of_a_region() -> None:
    """Far more than 512 items are read: the bound of codes does not hold for documents."""
    assert len(payload_of(DOCUMENTS[0].encoded)) == 5
    kinds = {vct: catalogue.Kind(vct, f"k{vct}", *_rest_of_kind()) for vct in range(65_001, 65_041)}
    stated = catalogue.Catalogue(WUYOU, 1, BEGINNING, LATER, kinds)
    assert catalogue.verify(catalogue.sign(stated, ROOT), root=ROOT.public_key).kinds == kinds


def _rest_of_kind() -> tuple[Any, ...]:
    model = WORLD.kinds[DRIVING_LICENCE]
    return (
        model.names,
        model.holder,
        model.risk,
        model.lifetime_days,
        model.reminder_days,
        model.type_code,
        model.items,
        model.views,
        model.holders,
        model.departments,
        model.term,
    )
