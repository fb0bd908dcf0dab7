"""Bans, offline keys and reversals: what the offline key releases, and that nothing else does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Connection, insert, select

from issuer.approvals.register import Proposal, State
from issuer.errors import KeyFileDamaged, PassphraseRefused, StorageFailed, WrongPassphrase
from issuer.feed import dangerous, reversal_key_file, reversal_request
from issuer.feed.ceremonies import Ceremonies
from issuer.feed.errors import BanRefused, FeedSettingsRefused, RequestRefused, ReversalRefused
from issuer.feed.settings import FeedSettings, read, write
from issuer.keys.box import LIBSODIUM_INTERACTIVE
from issuer.register_schema import credential_group, licence
from protocol import cbor, keys, reversal
from protocol.keys import Signer
from protocol.reversal import Reversal
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from revocation import chain
from tests.issuer.builders import AT, randomness
from tests.issuer.feeds import OFFLINE, FeedWorld, closing, hundredth

OWN: Final = "310000.GA"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FeedWorld]:
    with closing(FeedWorld(tmp_path / "i")) as made:
        made.trust_offline()
        made.tick()
        yield made


def ceremonies(world: FeedWorld) -> Ceremonies:
    return Ceremonies(world.feed, iss=world.profile.iss)


def revoked(world: FeedWorld, *indices: int) -> None:
    """The licence is revoked, and these entries with it."""
    with world.register.writing() as connection:
        connection.execute(licence.update().values(status=int(Status.REVOKED)))
        for idx in indices:
            connection.execute(
                insert(credential_group).values(
                    licence_id="L",
                    list_number=1,
                    idx=idx,
                    holder_key_thumbprint=bytes(32),
                    exp=AT + 90 * DAY,
                    status=int(Status.REVOKED),
                )
            )
    world.change_many([(idx, 0, Status.REVOKED) for idx in indices])
    world.tick()


@dataclass(frozen=True, slots=True)
class Approved:
    """What a second person has said yes to."""

    reason: str = "overturned"
    proposed_by: str = "a"


def approved(_: Connection, /, *, what: str, content: Mapping[str, Any]) -> Approved:
    assert (what, dict(content)) in ((dangerous.REVERSAL, {"licence": "L"}), (dangerous.RELEASE, {}))
    return Approved()


def ban(world: FeedWorld, kid: str, *, since: UnixTime, iss: str = OWN) -> None:
    act, content = dangerous.BanKey(iss=OWN), dangerous.ban_content(kid, iss=iss, since=since)
    with world.register.writing() as connection:
        act.shown(connection, content, at=world.at)
        proposal = Proposal("P", dangerous.BAN_KEY, content, b"", "stolen", "a", AT, AT, State.PROPOSED)
        act.carry_out(connection, proposal, at=world.at)


def signed(request: reversal_request.Request, world: FeedWorld, signer: Signer = OFFLINE) -> bytes:
    carried = reversal_request.decode(reversal_request.encode(request))
    return reversal_request.sign(carried, signer, at=world.at)


def test_a_reversal_goes_out_at_its_place_and_everywhere(world: FeedWorld) -> None:
    revoked(world, 1, 2)
    away = world.terminal.poll()
    request = ceremonies(world).prepare("L", ahead=12, use_up=approved, at=world.at)
    assert request.summary() == {"revoked → valid": 2}
    ceremonies(world).accept(signed(request, world), actor="test", at=world.at)
    world.change(9, Status.REVOKED)
    made = world.tick()
    # Seven without a change, and the revocation that waits for nothing.
    assert (made.seq, world.terminal.status(1, 1), world.terminal.status(1, 9)) == (9, Status.REVOKED, Status.REVOKED)
    assert world.tick().seq == 13
    assert [world.terminal.status(1, idx) for idx in (1, 2, 9)] == [Status.VALID, Status.VALID, Status.REVOKED]
    assert world.terminal.from_held(away).head == world.terminal.poll().head
    assert {"co-signature-1-12-13", "co-signed-delta-1-12-13"} <= world.names()
    assert {entry.kind.name for entry in world.terminal.manifest().entries} == {"CO_SIGNED_DELTA", "CO_SIGNATURE"}
    with world.register.reading() as connection:
        assert connection.execute(select(licence.c.status)).scalar_one() == Status.VALID
        assert set(connection.execute(select(credential_group.c.status)).scalars()) == {int(Status.VALID)}
    # It serves once: what is revoked again stays revoked.
    world.change(1, Status.REVOKED)
    world.tick()
    assert world.terminal.status(1, 1) == Status.REVOKED
    assert ceremonies(world).status(at=world.at).reservations == ()


def test_only_the_offline_key_reverses(world: FeedWorld) -> None:
    revoked(world, 1)
    request = ceremonies(world).prepare("L", ahead=2, use_up=approved, at=world.at)
    forged = [
        signed(request, world, world.signers.status),
        signed(request, world, keys.Ed25519Signer(bytes(31) + b"\x08")),
        signed(request, world)[:-1] + bytes([signed(request, world)[-1] ^ 1]),
    ]
    for statement in forged:
        with pytest.raises(RequestRefused):
            ceremonies(world).accept(statement, actor="test", at=world.at)
    other = Reversal(request.iss, world.at, request.position, chain.delta_hash(request.position, b"another"))
    with pytest.raises(ReversalRefused, match="is the one that was signed"):
        ceremonies(world).accept(reversal.sign(other, OFFLINE), actor="test", at=world.at)
    for _ in range(3):
        world.tick()
    assert world.terminal.status(1, 1) == Status.REVOKED


def test_a_key_that_was_retired_before_its_statement_was_published_reverses_nothing(world: FeedWorld) -> None:
    revoked(world, 1)
    request = ceremonies(world).prepare("L", ahead=9, use_up=approved, at=world.at)
    ceremonies(world).accept(signed(request, world), actor="test", at=world.at)
    ceremonies(world).retire_key(keys.kid_of(OFFLINE.public_key).hex(), actor="test", at=world.at)
    for _ in range(3):
        world.tick()
    assert (world.terminal.status(1, 1), world.terminal.claims.reversals) == (Status.REVOKED, ())


def test_a_place_that_an_ordinary_delta_took_is_lost(world: FeedWorld) -> None:
    revoked(world, 1)
    request = ceremonies(world).prepare("L", ahead=2, use_up=approved, at=world.at)
    for idx in (5, 6):
        world.change(idx, Status.REVOKED)
        world.tick()
    with pytest.raises(ReversalRefused, match="waits for seq 3"):
        ceremonies(world).accept(signed(request, world), actor="test", at=world.at)


def test_a_delta_is_outdated_when_its_entry_has_changed_otherwise(
    world: FeedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    hundredth(monkeypatch)
    world.change_many([(idx, 0, Status.SUSPENDED) for idx in range(300)])
    world.tick()
    request = ceremonies(world).prepare_waiting(ahead=3, use_up=approved, at=world.at)
    assert request.summary() == {"valid → suspended": 100}
    ceremonies(world).accept(signed(request, world), actor="test", at=world.at)
    world.change(299, Status.REVOKED, old=Status.SUSPENDED)
    world.tick()
    status = ceremonies(world).status(at=world.at)
    # The delta says what the register does not say any more of one entry; the brake lets the rest through meanwhile.
    assert (status.reservations, world.terminal.status(1, 299)) == ((), Status.REVOKED)


def test_what_the_brake_holds_is_released_by_the_offline_key(world: FeedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    hundredth(monkeypatch)
    world.change_many([(idx, 0, Status.CANCELLED) for idx in range(900)])
    for _ in range(4):
        world.tick()
    request = ceremonies(world).prepare_waiting(ahead=1, use_up=approved, at=world.at)
    assert request.summary() == {"valid → cancelled": 400}
    ceremonies(world).accept(signed(request, world), actor="test", at=world.at)
    made = world.tick()
    assert (made.braked, ceremonies(world).status(at=world.at).due) == ((), 0)
    assert world.terminal.status(1, 899) == Status.CANCELLED


def test_nothing_is_prepared_without_a_reason_a_key_or_something_to_undo(tmp_path: Path) -> None:
    with closing(FeedWorld(tmp_path / "i")) as world:
        world.tick()
        with pytest.raises(ReversalRefused, match="no offline key"):
            ceremonies(world).prepare("L", ahead=2, use_up=approved, at=world.at)
        world.trust_offline()
        with pytest.raises(ReversalRefused, match="has not ended"):
            ceremonies(world).prepare("L", ahead=2, use_up=approved, at=world.at)
        with pytest.raises(ReversalRefused, match="nothing to be signed"):
            ceremonies(world).prepare_waiting(ahead=2, use_up=approved, at=world.at)
        with world.register.writing() as connection:
            connection.execute(licence.update().values(status=int(Status.REVOKED)))
        with pytest.raises(ReversalRefused, match="lives any more"):
            ceremonies(world).prepare("L", ahead=2, use_up=approved, at=world.at)


def test_a_request_in_another_form_is_refused(world: FeedWorld) -> None:
    revoked(world, 1)
    request = ceremonies(world).prepare("L", ahead=2, use_up=approved, at=world.at)
    good = cbor.decode(reversal_request.encode(request))
    assert isinstance(good, tuple)
    for place, value in ((0, "lz-other"), (1, "330000.GA"), (3, b"no delta"), (4, b"\1\2"), (4, b""), (5, "a\nb")):
        bent = (*good[:place], value, *good[place + 1 :])
        with pytest.raises(RequestRefused):
            reversal_request.decode(cbor.encode(bent))


def test_bans_stand_in_the_checkpoint_at_once(world: FeedWorld) -> None:
    said = ceremonies(world)
    kids = [bytes([number] * 8) for number in range(9)]
    for kid in kids[:8]:
        ban(world, kid.hex(), since=AT)
    world.tick()
    assert [each.kid for each in world.terminal.claims.bans] == kids[:8]
    for kid, since, iss, reason in (
        (kids[8].hex(), AT, OWN, "8 keys are banned"),
        (kids[0].hex(), AT, OWN, "from that moment or an earlier"),
        (kids[0].hex(), UnixTime(world.at + 1), OWN, "in the future"),
        (kids[0].hex(), AT, "330000.GA", "not of this region"),
        ("zz", AT, OWN, "16 hexadecimal digits"),
    ):
        with pytest.raises(BanRefused, match=reason):
            ban(world, kid, iss=iss, since=since)
    ban(world, kids[0].hex(), since=UnixTime(AT - DAY))
    said.lift_ban(kids[1].hex(), actor="test", at=world.at)
    world.tick()
    found = world.terminal.claims.bans
    assert ([each.kid for each in found], found[0].since) == ([kids[0], *kids[2:8]], AT - DAY)
    with pytest.raises(BanRefused, match="not banned"):
        said.lift_ban(kids[1].hex(), actor="test", at=world.at)


def test_the_offline_key_rests_under_a_passphrase(tmp_path: Path) -> None:
    path, words = tmp_path / "offline", "correct horse battery staple"
    with pytest.raises(PassphraseRefused):
        reversal_key_file.create(path, passphrase="short", random_bytes=randomness(1))
    made = reversal_key_file.create(path, passphrase=words, random_bytes=randomness(1), argon2=LIBSODIUM_INTERACTIVE)
    assert reversal_key_file.load(path, passphrase=words).public_key == made.public_key
    public = cbor.decode(reversal_key_file.public_path(path).read_bytes())
    assert keys.load_cose_key(public) == made.public_key
    with pytest.raises(WrongPassphrase):
        reversal_key_file.load(path, passphrase=words + "!")
    with pytest.raises(StorageFailed, match="exists"):
        reversal_key_file.create(path, passphrase=words, random_bytes=randomness(2))
    content = cbor.decode(path.read_bytes())
    assert isinstance(content, tuple)
    for place, value in ((0, 2), (1, b"salt"), (3, 1 << 40)):
        path.write_bytes(cbor.encode((*content[:place], value, *content[place + 1 :])))
        with pytest.raises(KeyFileDamaged):
            reversal_key_file.load(path, passphrase=words)


def test_settings_in_another_form_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    assert read(path) == FeedSettings()
    good = FeedSettings(("https://a.example/lz",), "s3://bucket/lz", "https://s3.example", 3, 40)
    write(path, good)
    assert read(path) == good
    for bad in (
        FeedSettings(("ftp://a.example",)),
        FeedSettings(("https://a.example/",)),
        FeedSettings(("https://a.example",) * 5),
        FeedSettings(store="/srv/lz"),
        FeedSettings(tuf_root=0),
    ):
        with pytest.raises(FeedSettingsRefused):
            write(path, bad)
    path.write_text('{"urls": 1}')
    with pytest.raises(FeedSettingsRefused):
        read(path)
