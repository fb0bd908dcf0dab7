"""The wallet directory: which keys, maxima and sites it may list, one entry forged at a time."""

from dataclasses import replace
from typing import Any

import pytest

from protocol import cbor, directory, keys, labels, limits, signed_document, trust_list
from protocol.errors import AlgError, IssuerExpired, IssuerUnknown, KeyRefused, SchemaError
from protocol.keys import AlgorithmTable
from protocol.labels import Alg, KeyUse, Lic, Purpose
from protocol.place import Place, Point
from protocol.roots import RootSigner
from protocol.sd_cwt import key_binding
from protocol.unixtime import DAY, UnixTime
from tests.protocol.test_documents import _directory
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import BEGINNING, WUYOU, World

WORLD = World()
ROOT = WORLD.roots[WUYOU]
GOOD = _directory()
MAXIMA, SITES, WITHDRAWN, OFFICES = 2, 4, 5, 6


def read(changed: directory.WalletDirectory, root: RootSigner = ROOT) -> directory.WalletDirectory:
    return directory.verify(directory.sign(changed, root), root=root.public_key)


def with_entry(label: int, value: cbor.Value) -> bytes:
    """The good directory with another value under this label of its body."""
    document = signed_document.verify(
        directory.sign(GOOD, ROOT),
        expected_typ=labels.TYP_DIRECTORY,
        body_label=labels.CLAIM_CATALOGUE,
        root=ROOT.public_key,
    )
    assert isinstance(document.body, dict)
    return signed_document.sign(
        replace(document, body={**document.body, label: value}),
        typ=labels.TYP_DIRECTORY,
        body_label=labels.CLAIM_CATALOGUE,
        signer=ROOT,
    )


@pytest.mark.parametrize("use", KeyUse)
def test_keys_that_a_wallet_needs_and_no_others(use: KeyUse) -> None:
    first, *others = GOOD.anchors.values()
    listed = replace(GOOD, anchors=trust_list.index((replace(first, use=use), *others)))
    if use in directory.USES:
        assert read(listed) == listed
    else:
        with pytest.raises(SchemaError):
            read(listed)


def test_a_directory_without_assertion_keys() -> None:
    anchors = tuple(replace(each, use=KeyUse.TERMINAL) for each in GOOD.anchors.values())
    with pytest.raises(SchemaError):
        read(replace(GOOD, anchors=trust_list.index(anchors)))


def test_who_must_have_signed_a_credential() -> None:
    issued = WORLD.credential()
    unverified = key_binding.parse(WORLD.presentation(issued)).credential
    assert GOOD.credential_anchor(unverified, at=BEGINNING).key == issued.issuer.public_key
    with pytest.raises(IssuerExpired):
        GOOD.credential_anchor(unverified, at=UnixTime(BEGINNING + 401 * DAY))
    others = {pair: each for pair, each in GOOD.anchors.items() if each.key != issued.issuer.public_key}
    with pytest.raises(IssuerUnknown):
        replace(GOOD, anchors=others).credential_anchor(unverified, at=BEGINNING)


def test_algorithms_that_are_not_in_force() -> None:
    encoded = directory.sign(GOOD, ROOT)
    with pytest.raises(AlgError):
        directory.verify(encoded, root=ROOT.public_key, algorithms=AlgorithmTable((keys.ESP256,)))
    assert {each.key.alg for each in GOOD.anchors.values()} == {Alg.ED25519, Alg.ESP256}
    with pytest.raises(KeyRefused):
        directory.verify(encoded, root=ROOT.public_key, algorithms=AlgorithmTable((keys.ED25519,)))


GOOD_MAXIMUM = (DRIVING_LICENCE, int(Purpose.WINDOW), (int(Lic.NAME),), (), ())


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        "",
        (None,),
        ((9_999, *GOOD_MAXIMUM[1:]),),
        (GOOD_MAXIMUM[:4],),
        ((DRIVING_LICENCE, ord("z"), (1,), (), ()),),
        ((DRIVING_LICENCE, int(Purpose.WINDOW), {}, (), ()),),
        ((DRIVING_LICENCE, int(Purpose.WINDOW), (1,), "text", ()),),
        ((DRIVING_LICENCE, int(Purpose.WINDOW), ("1",), (), ()),),
        ((DRIVING_LICENCE, int(Purpose.WINDOW), (), (True,), ()),),
        ((DRIVING_LICENCE, int(Purpose.WINDOW), (1,), (), (True,)),),
        (GOOD_MAXIMUM, GOOD_MAXIMUM),
    ],
    ids=repr,
)
def test_what_is_no_maximum(value: cbor.Value) -> None:
    directory.verify(with_entry(MAXIMA, (GOOD_MAXIMUM,)), root=ROOT.public_key)
    with pytest.raises(SchemaError):
        directory.verify(with_entry(MAXIMA, value), root=ROOT.public_key)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        "",
        ("00A7",),
        (("00a7", "处", "局"),),
        (("00A", "处", "局"),),
        (("00U7", "处", "局"),),
        (("00A7", "", "局"),),
        (("00A7", "处", ""),),
        (("00A7", "a\u202eb", "局"),),
        (("00A7", "处", "a\u202eb"),),
        (("00A7", "处" * (limits.MAX_SHOWN_NAME + 1), "局"),),
        (("00A7", "处", 1),),
        (("00A7", "处", "局"), ("00A7", "处", "局")),
    ],
    ids=repr,
)
def test_what_is_no_site(value: cbor.Value) -> None:
    with pytest.raises(SchemaError):
        directory.verify(with_entry(SITES, value), root=ROOT.public_key)


@pytest.mark.parametrize("code", ["0000", "00A7", "ZZZZ"])
@pytest.mark.parametrize("name", ["处", "处" * limits.MAX_SHOWN_NAME])
def test_sites(code: str, name: str) -> None:
    content: Any = ((code, name, name),)
    assert directory.verify(with_entry(SITES, content), root=ROOT.public_key).sites == {
        code: directory.Site(name, name)
    }


OFFICE = directory.Office("乌有市车管所", "虚构区演示路9号", "12345", frozenset({DRIVING_LICENCE}))
KIDS = (bytes(8), b"\x01" * 8)


def test_withdrawn_terminals_and_offices_are_read_as_they_were_signed() -> None:
    listed = replace(GOOD, withdrawn=frozenset(KIDS), offices=(OFFICE, replace(OFFICE, name="第二车管所")))
    assert read(listed) == listed


@pytest.mark.parametrize(
    "place",
    [
        Place("990101"),
        Place("000000", Point(0, 0)),
        Place("999999", Point(900_000, -1_800_000)),
        Place("990101", Point(-900_000, 1_800_000)),
    ],
)
def test_an_office_may_say_where_it_is(place: Place) -> None:
    listed = replace(GOOD, offices=(OFFICE, replace(OFFICE, name="第二车管所", place=place)))
    assert read(listed) == listed


@pytest.mark.parametrize(
    "value",
    [
        None,
        KIDS[0],
        (KIDS[1], KIDS[0]),
        (KIDS[0], KIDS[0]),
        (KIDS[0], bytes(7)),
        (KIDS[0], bytes(9)),
        ("00000000",),
    ],
)
def test_withdrawn_terminals_have_one_form(value: cbor.Value) -> None:
    with pytest.raises(SchemaError, match="withdrawn"):
        directory.verify(with_entry(WITHDRAWN, value), root=ROOT.public_key)


GOOD_OFFICE = (OFFICE.name, OFFICE.address, OFFICE.phone, (DRIVING_LICENCE,))


def _office(place: int, value: cbor.Value) -> cbor.Value:
    return (*GOOD_OFFICE[:place], value, *GOOD_OFFICE[place + 1 :])


@pytest.mark.parametrize(
    "value",
    [
        None,
        ("乌有市车管所",),
        (GOOD_OFFICE[:3],),
        ((*GOOD_OFFICE, 1),),
        ((*GOOD_OFFICE, None),),
        ((*GOOD_OFFICE, ("990101",), ("990101",)),),
        *(
            ((*GOOD_OFFICE, place),)
            for place in (
                (),
                "990101",
                ("99010",),
                ("99010a",),
                ("９90101",),
                (990101,),
                ("990101", 0),
                ("990101", 0, 0, 0),
                ("990101", True, 0),
                ("990101", 0, True),
                ("990101", 900_001, 0),
                ("990101", -900_001, 0),
                ("990101", 0, 1_800_001),
                ("990101", 0, -1_800_001),
            )
        ),
        (_office(0, ""),),
        (_office(0, "所" * 65),),
        (_office(1, "演示路\n9号"),),
        (_office(2, "1234\u202e5"),),
        (_office(2, 12345),),
        (_office(3, ()),),
        (_office(3, (DRIVING_LICENCE, True)),),
        (_office(3, (labels.VCT_RANGE.stop - 1,)),),
    ],
)
def test_an_office_has_one_form(value: cbor.Value) -> None:
    with pytest.raises(SchemaError):
        directory.verify(with_entry(OFFICES, value), root=ROOT.public_key)
    assert directory.verify(with_entry(OFFICES, (GOOD_OFFICE,)), root=ROOT.public_key).offices == (OFFICE,)
