"""The pack as the holder keeps it: groups, profiles, reminders, history, and a backup for another phone."""

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from protocol import cbor, unixtime
from protocol.directory import Office
from protocol.labels import HolderKind, Purpose
from protocol.mandate import Mandate
from protocol.place import Place, Point
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.wallet.asked import Terminal
from tests.wallet.conftest import CHEAP, ManualClock
from tests.wallet.issued import (
    AT,
    COMPANY_KIND,
    COMPANY_VALUES,
    ID_KIND,
    ID_VALUES,
    VALUES,
    VCT,
    Authority,
    encoded,
    holder_key,
)
from tests.wallet.test_receipts import by_mac, copy_of, stated
from wallet_sdk import Card, CardState, Profile, Wallet, history, history_file, metres, migrations, sealed_file, vault
from wallet_sdk.errors import (
    GroupRefused,
    LicenceNotFound,
    LicenceUnbound,
    PassphraseEmpty,
    PassphraseWrong,
    VaultDamaged,
    VaultNotWritten,
    WalletLocked,
)

OFFICE = Office("虚构市车管所", "虚构市测试区样例路2号", "000-0000", frozenset({VCT}))


@pytest.fixture
def terminal(authority: Authority) -> Terminal:
    return Terminal(authority)


def receive(wallet: Wallet, authority: Authority, kind: str) -> Card:
    holder = holder_key(wallet.public_key())
    packages = {
        "company": lambda: authority.other_package(
            holder, COMPANY_KIND, COMPANY_VALUES, "31000055CC", holder_kind=HolderKind.LEGAL_PERSON
        ),
        "company-unsaid": lambda: authority.other_package(
            holder, COMPANY_KIND, COMPANY_VALUES, "31000056CC", holder_kind=None
        ),
        "child": lambda: authority.other_package(
            holder,
            ID_KIND,
            ID_VALUES,
            "31000033BB",
            mandate=Mandate(1, frozenset({ID_KIND.vct}), frozenset({Purpose.WINDOW}), "310000", ID_KIND.vct),
        ),
    }
    return wallet.receive(encoded(packages[kind]()))


def test_each_card_has_a_profile(wallet: Wallet, card: Card, authority: Authority) -> None:
    company, unsaid, child = (receive(wallet, authority, kind) for kind in ("company", "company-unsaid", "child"))
    found = {profile: [each.id for each in wallet.pack.cards(profile=profile)] for profile in Profile}
    assert found == {
        Profile.PERSONAL: [card.id],
        Profile.LEGAL_PERSON: [company.id, unsaid.id],
        Profile.FAMILY: [child.id],
    }


def test_what_the_holder_removes_is_gone_and_what_was_said_of_it_is_not(
    folder: Path, wallet: Wallet, card: Card, authority: Authority, clock: ManualClock
) -> None:
    other = receive(wallet, authority, "company")
    wallet.present_once(card, audience=Purpose.WINDOW, consent=wallet.request(card, Purpose.WINDOW).approve())
    wallet.forget(card)
    with pytest.raises(LicenceNotFound):
        wallet.forget(card)
    again = Wallet.open(folder, clock=clock, sleep=clock.sleep)
    assert [each.id for each in wallet.cards()] == [each.id for each in again.cards()] == [other.id]
    assert len(again.history.uses()) == 1
    with pytest.raises(LicenceNotFound):
        again.request(card, Purpose.WINDOW)


def test_a_group_lasts_as_long_as_it_has_a_card(
    folder: Path, wallet: Wallet, card: Card, give: Callable[..., Card], clock: ManualClock
) -> None:
    assert wallet.pack.groups() == ()
    wallet.pack.put(card, "出行")
    again = Wallet.open(folder, clock=clock)
    assert again.pack.groups() == ("出行",)
    assert [each.id for each in again.pack.cards(group="出行")] == [card.id]
    # A refreshed licence stays where the holder has put it.
    clock.sleep(DAY)
    assert give(again).group == "出行"
    again.pack.put(card, None)
    assert again.pack.groups() == ()


@pytest.mark.parametrize("name", ["", " 出行", "x" * 25, "a\x00b", "\u202eabc", "a\nb"])
def test_a_group_is_named_in_plain_text(wallet: Wallet, card: Card, name: str) -> None:
    with pytest.raises(GroupRefused):
        wallet.pack.put(card, name)
    with pytest.raises(LicenceNotFound):
        wallet.pack.put(replace(card, id="gone"), "出行")


def ends_on(days: int) -> int:
    """The local day that many days after today."""
    return int(unixtime.local_day(UnixTime(AT + days * DAY)))


def with_office(authority: Authority, wallet: Wallet, days: int) -> Card:
    values = {**VALUES, 7: ends_on(days)}
    package = authority.package(
        holder_key(wallet.public_key()),
        values,
        listed=lambda good: replace(
            good, offices=(OFFICE, replace(OFFICE, name="虚构市公安局", kinds=frozenset({ID_KIND.vct})))
        ),
        exp=min(unixtime.end_of_local_day(ends_on(days)), UnixTime(unixtime.local_midnight(ends_on(0)) + 120 * DAY)),  # type: ignore[arg-type]
    )
    return wallet.receive(encoded(package))


def test_reminders_come_at_nine_in_the_morning_of_their_day(
    wallet: Wallet, authority: Authority, clock: ManualClock
) -> None:
    card = with_office(authority, wallet, 40)
    assert wallet.pack.reminders() == ()
    assert [(each.days_left, each.at) for each in wallet.pack.schedule()] == [
        (days, unixtime.local_midnight(ends_on(40 - days)) + 9 * HOUR)
        for days in (30, 7, 1)  # type: ignore[arg-type]
    ]
    for days in (30, 7, 1):
        moment = unixtime.local_midnight(ends_on(40 - days)) + 9 * HOUR  # type: ignore[arg-type]
        before = wallet.pack.reminders(UnixTime(moment - 1))
        (now,) = wallet.pack.reminders(UnixTime(moment))
        assert (now.card.id, now.days_left, now.offices) == (card.id, days, (OFFICE,))
        assert now not in before
    assert wallet.pack.reminders(unixtime.end_of_local_day(ends_on(40))) == ()  # type: ignore[arg-type]


NEAR_BY = Point.of_degrees(31.2304, 121.4737)
PLACES = {
    "没有地点": None,
    "外省": Place("110101"),
    "同市": Place("310115"),
    "同区": Place("310101"),
    "远处": Place("310101", Point.of_degrees(31.9, 121.4737)),
    "近处": Place("320101", Point.of_degrees(31.24, 121.48)),
}


@pytest.mark.parametrize(
    ("near", "order"),
    [
        # Who is at a point: measured ones by distance, also over a border; then what else there is, as it is listed.
        (NEAR_BY, ["近处", "远处", "没有地点", "外省", "同市", "同区"]),
        # Who only says the district: its own offices first, then the city's, and those of other provinces last.
        (Place("310101"), ["同区", "远处", "同市", "没有地点", "外省", "近处"]),
        (Place("310101", NEAR_BY), ["近处", "远处", "同区", "同市", "没有地点", "外省"]),
    ],
)
def test_the_nearest_office_comes_first(
    wallet: Wallet, authority: Authority, near: Place | Point, order: list[str]
) -> None:
    listed = tuple(replace(OFFICE, name=name, place=place) for name, place in PLACES.items())
    package = authority.package(
        holder_key(wallet.public_key()), {**VALUES, 7: ends_on(20)}, listed=lambda good: replace(good, offices=listed)
    )
    wallet.receive(encoded(package))
    assert [office.name for _, office in wallet.pack.offices(near=near)] == order
    assert [office.name for _, office in wallet.pack.offices()] == list(PLACES)
    (reminder,) = wallet.pack.reminders(near=near)
    assert [office.name for office in reminder.offices] == order
    (late, *_) = wallet.pack.schedule(near=near)
    assert [office.name for office in late.offices] == order


def test_how_far_an_office_is() -> None:
    measured = replace(OFFICE, place=PLACES["近处"])
    assert metres(measured, NEAR_BY) == metres(measured, Place("110101", NEAR_BY)) == 1_224
    for office, near in (
        (OFFICE, NEAR_BY),
        (replace(OFFICE, place=Place("310101")), NEAR_BY),
        (measured, Place("310101")),
    ):
        assert metres(office, near) is None


def test_the_most_urgent_reminder_comes_first(wallet: Wallet, authority: Authority) -> None:
    with_office(authority, wallet, 20)
    other = authority.other_package(
        holder_key(wallet.public_key()), ID_KIND, {**ID_VALUES, 7: ends_on(6)}, "31000077DD",
        exp=unixtime.end_of_local_day(ends_on(6)),  # type: ignore[arg-type]
    )  # fmt: skip
    wallet.receive(encoded(other))
    assert [each.days_left for each in wallet.pack.reminders()] == [7, 30]


def show(wallet: Wallet, card: Card) -> None:
    consent = wallet.request(card, Purpose.WINDOW).approve()
    wallet.present_once(card, audience=Purpose.WINDOW, consent=consent)


def test_what_was_shown_is_in_the_history_with_its_receipt(
    folder: Path, wallet: Wallet, card: Card, terminal: Terminal, clock: ManualClock
) -> None:
    show(wallet, card)
    wallet.receipts.take(copy_of(terminal, stated(by_mac(wallet), iat=UnixTime(AT + 20))))
    clock.sleep(7_200)
    show(wallet, card)
    latest, first = Wallet.open(folder, clock=clock).history.uses(card.id)
    assert (first.at, first.purpose, first.audience) == (AT, Purpose.WINDOW, "lz:w")
    assert [(each.licence_id, each.kind, each.items) for each in first.licences] == [
        (card.id, "driving-licence", frozenset({1, 2, 7}))
    ]
    assert first.receipt is not None
    assert first.receipt.stated is not None
    assert first.receipt.stated.terminal == terminal.name
    assert latest.receipt is None
    assert wallet.history.uses("another") == ()


def test_an_answer_is_remembered_with_the_terminals_reason(wallet: Wallet, card: Card, terminal: Terminal) -> None:
    request = wallet.read_challenge(terminal.asks())
    wallet.answer(request, request.approve())
    (use,) = wallet.history.uses()
    assert (use.reason, use.audience) == ("换领驾驶证", f"lz:t/{terminal.name}")


def test_it_stands_there_before_there_is_a_code(wallet: Wallet, card: Card) -> None:
    consent = wallet.request(card, Purpose.WINDOW).approve()
    with wallet.show(card, audience=Purpose.WINDOW, consent=consent):
        assert len(wallet.history.uses()) == 1


def test_a_full_disk_turns_nobody_away_and_loses_no_use(
    folder: Path, clock: ManualClock, give: Callable[..., Card]
) -> None:
    is_full = False

    def write(descriptor: int, content: bytes) -> int:
        if is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, content)

    from wallet_sdk.durable_file import write_bytes as real

    wallet = Wallet.create(folder, clock=clock, sleep=clock.sleep, write=write)
    card = give(wallet)
    is_full = True
    show(wallet, card)
    assert not wallet.history.is_complete
    assert len(wallet.history.uses()) == 1
    assert Wallet.open(folder, clock=clock).history.uses() == ()
    is_full = False
    show(wallet, card)
    assert wallet.history.is_complete
    assert len(Wallet.open(folder, clock=clock).history.uses()) == 2


def history_of(folder: Path) -> Path:
    return folder / history_file.FILE


def test_a_torn_end_is_cut_away_and_nothing_before_it(
    folder: Path, wallet: Wallet, card: Card, clock: ManualClock
) -> None:
    """As a power cut leaves it: every length between two uses and three."""
    show(wallet, card)
    clock.sleep(60)
    show(wallet, card)
    two = history_of(folder).read_bytes()
    clock.sleep(60)
    show(wallet, card)
    three = history_of(folder).read_bytes()
    assert three.startswith(two)
    for length in range(len(two), len(three)):
        history_of(folder).write_bytes(three[:length])
        again = Wallet.open(folder, clock=clock, elapsed=clock.elapsed, sleep=clock.sleep)
        assert len(again.history.uses()) == 2
        show(again, card)
        assert len(again.history.uses()) == 3
    for length in range(8):
        history_of(folder).write_bytes(three[:length])
        show(wallet, card)
        assert len(wallet.history.uses()) == 1


def test_two_processes_write_one_history(folder: Path, wallet: Wallet, card: Card, clock: ManualClock) -> None:
    other = Wallet.open(folder, clock=clock, elapsed=clock.elapsed, sleep=clock.sleep)
    for each in (wallet, other, other, wallet):
        show(each, card)
    assert len(wallet.history.uses()) == len(other.history.uses()) == 4


def test_a_history_that_was_changed_is_damaged_and_shows_nothing(
    folder: Path, wallet: Wallet, card: Card, clock: ManualClock, tmp_path: Path
) -> None:
    show(wallet, card)
    good = history_of(folder).read_bytes()
    assert card.id.encode() not in good
    history_of(folder).write_bytes(good[:40] + bytes([good[40] ^ 1]) + good[41:])
    with pytest.raises(VaultDamaged):
        wallet.history.uses()
    other = Wallet.create(tmp_path / "other", clock=clock, elapsed=clock.elapsed, sleep=clock.sleep)
    history_of(tmp_path / "other").write_bytes(good)
    with pytest.raises(VaultDamaged):
        other.history.uses()


def test_the_oldest_uses_are_let_go_of(
    wallet: Wallet, card: Card, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MAX_KEPT", 20)
    for _ in range(50):
        clock.sleep(60)
        show(wallet, card)
    moments = [each.at for each in wallet.history.uses()]
    assert 20 <= len(moments) <= 22
    assert moments == sorted(moments, reverse=True)
    assert moments[0] == clock.at


def test_the_history_is_cleared_at_once_and_for_good(
    folder: Path, wallet: Wallet, card: Card, clock: ManualClock
) -> None:
    show(wallet, card)
    wallet.history.clear()
    assert Wallet.open(folder, clock=clock).history.uses() == ()
    wallet.lock()
    with pytest.raises(WalletLocked):
        wallet.history.uses()


def test_a_backup_has_everything_but_the_key(
    folder: Path, wallet: Wallet, card: Card, clock: ManualClock, tmp_path: Path, give: Callable[..., Card]
) -> None:
    wallet.pack.put(card, "出行")
    show(wallet, card)
    backup = wallet.backup("another phone", cost=CHEAP)
    restored = Wallet.restore(
        tmp_path / "new",
        backup,
        backup_passphrase="another phone",
        clock=clock,
        elapsed=clock.elapsed,
        sleep=clock.sleep,
    )
    assert restored.public_key() != wallet.public_key()
    (there,) = restored.cards()
    assert (there.id, there.state, there.group) == (card.id, CardState.UNBOUND, "出行")
    assert len(restored.history.uses()) == 1
    consent = restored.request(there, Purpose.WINDOW).approve()
    with pytest.raises(LicenceUnbound):
        restored.show(there, audience=Purpose.WINDOW, consent=consent)
    assert len(restored.history.uses()) == 1
    # Bound anew, it is shown as before, and stays in its group.
    clock.sleep(DAY)
    bound = give(restored)
    assert (bound.state, bound.group) == (CardState.VALID, "出行")
    show(restored, bound)


def test_a_restore_that_was_cut_off_is_done_again(
    wallet: Wallet, card: Card, clock: ManualClock, tmp_path: Path
) -> None:
    show(wallet, card)
    backup, new = wallet.backup("x", cost=CHEAP), tmp_path / "new"
    written: list[int] = []

    def cut_off(descriptor: int, content: bytes) -> int:
        written.append(len(content))
        # The key file and the history are there; the vault's own file is not.
        if len(written) == 3:
            raise OSError(errno.EIO, "Input/output error")
        return real(descriptor, content)

    from wallet_sdk.durable_file import write_bytes as real

    with pytest.raises(VaultNotWritten):
        Wallet.restore(new, backup, backup_passphrase="x", clock=clock, sleep=clock.sleep, write=cut_off)
    assert history_of(new).exists()
    # Another wallet in this folder does not stumble over what is left.
    made = Wallet.create(new, clock=clock, elapsed=clock.elapsed, sleep=clock.sleep)
    assert made.history.uses() == ()
    (new / vault.VAULT_FILE).unlink()
    restored = Wallet.restore(new, backup, backup_passphrase="x", clock=clock, sleep=clock.sleep)
    assert len(restored.history.uses()) == len(restored.cards()) == 1


def test_a_backup_of_one_device_holds_no_secret(wallet: Wallet, card: Card) -> None:
    key = wallet._current().holdings.device_key
    backup = wallet.backup("x", cost=CHEAP)
    lock = sealed_file.lock_of("x", sealed_file.origin_of(backup, magic=sealed_file.BACKUP_MAGIC)[1], CHEAP)
    content = sealed_file.unseal(backup, lock, magic=sealed_file.BACKUP_MAGIC)
    assert key.secret not in content  # type: ignore[union-attr]


def test_a_backup_that_does_not_open_makes_nothing(wallet: Wallet, card: Card, tmp_path: Path) -> None:
    with pytest.raises(PassphraseEmpty):
        wallet.backup("")
    backup = wallet.backup("right", cost=CHEAP)
    new = tmp_path / "new"
    with pytest.raises(PassphraseWrong):
        Wallet.restore(new, backup, backup_passphrase="wrong")
    for damaged in (backup[:-1], backup[:40] + bytes([backup[40] ^ 1]) + backup[41:], b"", b"LZWBACK\n"):
        with pytest.raises(VaultDamaged):
            Wallet.restore(new, damaged, backup_passphrase="right")
    vault_file = (wallet._vault.folder / vault.VAULT_FILE).read_bytes()
    with pytest.raises(VaultDamaged):
        Wallet.restore(new, vault_file, backup_passphrase="right")
    assert not new.exists()


def test_a_vault_of_version_1_is_read_and_written_as_the_present_one(
    folder: Path, wallet: Wallet, card: Card, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As version 0.1 of the first format wrote it: no groups, and receipts only where there were any."""
    opened = wallet._vault._opened
    content = cbor.decode(opened.decrypt(opened.read_encrypted()))
    assert isinstance(content, dict)
    old = {label: value for label, value in content.items() if label not in (5, 7)}
    old[4] = {name: value[:5] for name, value in old[4].items()}
    monkeypatch.setattr(sealed_file, "FORMAT_VERSION", 1)
    with opened.exclusive():
        opened.write(cbor.encode(old))
    monkeypatch.undo()
    before = (folder / vault.VAULT_FILE).read_bytes()
    assert sealed_file.version_of(before, magic=sealed_file.VAULT_MAGIC) == 1
    again = Wallet.open(folder, clock=clock, elapsed=clock.elapsed, sleep=clock.sleep)
    assert [each.id for each in again.cards()] == [card.id]
    assert (folder / vault.VAULT_FILE).read_bytes() == before
    again.pack.put(card, "出行")
    assert again._vault._opened.version_of(again._vault._opened.read_encrypted()) == migrations.CURRENT
    assert Wallet.open(folder, clock=clock).public_key() == again.public_key()
