"""Published files: each is what the protocol verifies, sequence numbers only grow, and a crash leaves whole files."""

import json
import threading
from pathlib import Path

import pytest

from issuer import durable_files
from issuer.application import Issuer
from issuer.errors import StorageFailed
from issuer.publishing import AGGREGATION
from protocol import appraisal_policy, cbor, directory, keys, limits, status_list, trust_list
from protocol.labels import KeyUse
from protocol.licence import catalogue
from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR, UnixTime
from revocation.coverage import Coverage, StatusSnapshot
from tests.issuer.builders import AT, ID_CARD, URIS, holder_key, made, published_status, randomness

NAMES = ["root.cbor", "trust.cbor", "catalogue.cbor", "policy.cbor", "directory.cbor"]
LISTS = [f"status/{number}.cwt" for number in range(1, 17)]
NAMES += [*LISTS, AGGREGATION]
FEED = ["feed.cbor", "feed/base-1-0", "feed/checkpoint-10.cwt", "feed/checkpoint.cwt", "feed/manifest.cwt"]
"""What a new issuer's feed begins with (tests/issuer/test_feed.py)."""


def snapshot(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in NAMES}


def token(issuer: Issuer, folder: Path | None = None, *, number: int = 1) -> status_list.StatusListToken:
    folder = folder or issuer.places.published
    trust = trust_list.verify((folder / "trust.cbor").read_bytes(), root=issuer.root)
    return status_list.verify((folder / f"status/{number}.cwt").read_bytes(), trust=trust, at=AT)


def test_init_publishes_everything_and_each_file_verifies_under_the_root(issuer: Issuer) -> None:
    folder = issuer.places.published
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert found == sorted([*NAMES, *FEED])
    files = snapshot(folder)
    root = keys.load_cose_key(cbor.decode(files["root.cbor"]))
    assert root == issuer.root
    trust = trust_list.verify(files["trust.cbor"], root=root)
    kinds = catalogue.verify(files["catalogue.cbor"], root=root)
    policy = appraisal_policy.verify(files["policy.cbor"], root=root)
    wallet = directory.verify(files["directory.cbor"], root=root)
    for document in (trust, kinds, policy, wallet):
        assert (document.iss, document.seq, document.iat, document.exp) == ("310000", 1, AT, AT + 30 * DAY)
    assert kinds.kinds == wallet.kinds == issuer.kinds
    assert {key: items.mandatory | items.optional for key, items in wallet.maxima.items()} == {
        key: row.maximum for key, row in policy.rows.items()
    }
    assert json.loads(files[AGGREGATION]) == {"status_lists": URIS}
    for number, uri in enumerate(URIS, 1):
        status = token(issuer, number=number)
        assert (status.iss, status.uri, status.seq, status.iat) == ("310000.GA", uri, 1, AT)
        assert (status.exp - status.iat, status.ttl) == (7 * DAY, HOUR)
        assert status.entries == status_list.pack({})
        assert len(status.entries) == limits.STATUS_LIST_ENTRIES


def test_every_key_has_one_use_and_the_root_none(issuer: Issuer) -> None:
    trust = trust_list.verify((issuer.places.published / "trust.cbor").read_bytes(), root=issuer.root)
    uses = [KeyUse.ASSERT, KeyUse.STATUS, KeyUse.TERMINAL, KeyUse.PAPER, KeyUse.MANDATE]
    assert sorted(anchor.use for anchor in trust.anchors.values()) == uses
    assert issuer.root not in [anchor.key for anchor in trust.anchors.values()]
    assert len({anchor.key.thumbprint for anchor in trust.anchors.values()}) == 5
    signs_kinds = {KeyUse.ASSERT, KeyUse.PAPER, KeyUse.MANDATE}
    for anchor in trust.anchors.values():
        assert anchor.status_prefixes == (() if anchor.use is KeyUse.TERMINAL else ("lz:310000/",))
        assert anchor.kinds == (frozenset(issuer.kinds) if anchor.use in signs_kinds else frozenset())


def test_every_key_is_relied_on_for_as_long_as_what_it_signed_last(issuer: Issuer) -> None:
    trust = trust_list.verify((issuer.places.published / "trust.cbor").read_bytes(), root=issuer.root)
    policy = appraisal_policy.verify((issuer.places.published / "policy.cbor").read_bytes(), root=issuer.root)
    longest_kept = max(row.retention_days for row in policy.rows.values())
    assert {anchor.use: (anchor.verify_until - anchor.sign_until) // DAY for anchor in trust.anchors.values()} == {
        KeyUse.ASSERT: 120,
        KeyUse.STATUS: 180,
        KeyUse.TERMINAL: 7 + longest_kept,
        KeyUse.PAPER: 180,
        KeyUse.MANDATE: 90,
    }
    assert longest_kept == 180


def test_the_directory_has_the_keys_that_a_wallet_needs_and_no_other(issuer: Issuer) -> None:
    folder = issuer.places.published
    trust = trust_list.verify((folder / "trust.cbor").read_bytes(), root=issuer.root)
    wallet = directory.verify((folder / "directory.cbor").read_bytes(), root=issuer.root)
    needed = (KeyUse.ASSERT, KeyUse.TERMINAL, KeyUse.MANDATE)
    assert wallet.anchors == {pair: anchor for pair, anchor in trust.anchors.items() if anchor.use in needed}
    assert wallet.sites == {}


def test_a_terminal_s_snapshot_answers_from_these_files(issuer: Issuer) -> None:
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    issuer.suspend(issued.licence_id, reason="测试", actor="test", at=AT)
    uri = f"lz:310000/{issued.list_number}"
    answer = StatusSnapshot({uri: token(issuer, number=issued.list_number)}).look_up(uri, issued.idx)
    assert (answer.coverage, answer.status) == (Coverage.COVERED, Status.SUSPENDED)


def test_a_list_that_changed_is_signed_at_once_and_every_other_after_its_ttl(issuer: Issuer) -> None:
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    changed = f"lz:310000/{issued.list_number}"
    others = {uri: 1 for uri in URIS if uri != changed}
    issuer.suspend(issued.licence_id, reason="测试", actor="test", at=UnixTime(AT + 1))
    assert issuer.publish(at=UnixTime(AT + 2)).status_seq == others | {changed: 2}
    assert token(issuer, number=issued.list_number).iat == AT + 1
    assert issuer.publish(at=UnixTime(AT + HOUR - 1)).status_seq == others | {changed: 2}
    assert issuer.publish(at=UnixTime(AT + HOUR)).status_seq == dict.fromkeys(others, 2) | {changed: 2}
    assert issuer.publish(at=UnixTime(AT + HOUR + 1)).status_seq == dict.fromkeys(others, 2) | {changed: 3}
    # Signed again, it says the same of another moment.
    again = token(issuer, number=issued.list_number)
    assert (again.seq, again.iat, again.exp) == (3, AT + HOUR + 1, AT + HOUR + 1 + 7 * DAY)
    assert again.entries == status_list.pack({issued.idx: Status.SUSPENDED})


def test_documents_are_signed_again_only_after_a_day(issuer: Issuer) -> None:
    folder = issuer.places.published
    first = snapshot(folder)
    issuer.publish(at=UnixTime(AT + DAY))
    within = snapshot(folder)
    assert {name for name in NAMES if first[name] != within[name]} == set(LISTS)
    issuer.publish(at=UnixTime(AT + DAY + 1))
    after = trust_list.verify((folder / "trust.cbor").read_bytes(), root=issuer.root)
    assert (after.seq, after.iat) == (2, AT + DAY + 1)
    assert snapshot(folder)["root.cbor"] == first["root.cbor"]


def test_documents_are_signed_again_when_their_content_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with made(tmp_path / "i") as issuer:
        root = issuer.root
    real = catalogue.kinds_to_value
    monkeypatch.setattr(catalogue, "kinds_to_value", lambda kinds: real(kinds)[:2])  # type: ignore[index]
    with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2)) as issuer:
        issuer.publish(at=AT)
        published = issuer.places.published
        assert catalogue.verify((published / "catalogue.cbor").read_bytes(), root=root).seq == 2
        assert directory.verify((published / "directory.cbor").read_bytes(), root=root).seq == 2
        assert trust_list.verify((published / "trust.cbor").read_bytes(), root=root).seq == 1


def test_another_folder_gets_the_same_bytes(issuer: Issuer, tmp_path: Path) -> None:
    issuer.publish(at=AT, to=tmp_path / "web" / "lz")
    assert snapshot(tmp_path / "web" / "lz") == snapshot(issuer.places.published)


def test_the_aggregation_comes_last_and_a_failure_leaves_whole_files(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "web"
    order: list[str] = []
    real = durable_files.write_atomically

    def recording(path: Path, content: bytes, *, mode: int) -> None:
        if path.is_relative_to(target):
            order.append(path.relative_to(target).as_posix())
            if len(order) == 21:
                raise StorageFailed("cannot write: No space left on device")
        real(path, content, mode=mode)

    with monkeypatch.context() as patched:
        patched.setattr(durable_files, "write_atomically", recording)
        with pytest.raises(StorageFailed):
            issuer.publish(at=AT, to=target)
    assert order == NAMES[:21]
    assert not (target / AGGREGATION).exists()
    issuer.publish(at=AT, to=target)
    assert token(issuer, target) == token(issuer)
    assert not list(target.rglob("*.tmp"))


def test_two_publishers_of_one_folder_never_step_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        made(tmp_path / "i") as one,
        Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2)) as other,
    ):
        issued = one.issue("id-card", ID_CARD, holder_key(), at=AT)
        errors: list[BaseException] = []
        seqs: list[int] = []
        real = durable_files.write_atomically

        def noting(path: Path, content: bytes, *, mode: int) -> None:
            real(path, content, mode=mode)
            if path.name == f"{issued.list_number}.cwt":
                seqs.append(token(one, number=issued.list_number).seq)

        monkeypatch.setattr(durable_files, "write_atomically", noting)

        def publish(issuer: Issuer) -> None:
            try:
                for hour in range(1, 6):
                    issuer.publish(at=UnixTime(AT + hour * HOUR))
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=publish, args=(each,)) for each in (one, other)]
        for thread in threads:
            thread.start()
        other.revoke(issued.licence_id, reason="测试", actor="test", at=AT)
        for thread in threads:
            thread.join()
        assert errors == []
        # For five hours and for the change, where that did not meet one of them; as it is of an earlier moment, an hour
        # may come once more after it. None is skipped, none is written twice.
        assert seqs == list(range(2, 2 + len(seqs)))
        assert len(seqs) in (5, 6, 7)
        assert published_status(one, issued) == Status.REVOKED


def test_a_failed_write_leaves_the_old_file_and_no_remains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    durable_files.write_atomically(path, b"old", mode=0o600)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable_files.os, "fsync", full)
    with pytest.raises(StorageFailed, match="No space left"):
        durable_files.write_atomically(path, b"new", mode=0o600)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_lock_ends_with_its_holder(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), durable_files.exclusively(tmp_path / "lock"):
        _ = 1 // 0
    with durable_files.exclusively(tmp_path / "lock"):
        pass
