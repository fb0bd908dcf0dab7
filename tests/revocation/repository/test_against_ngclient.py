"""Our loader against python-tuf's client: same repository, same answer; lateness is a grade (attacks: test_attacks).

Where ours is stricter on purpose, or follows the specification where python-tuf does not, the test says so.
"""

from pathlib import Path

import pytest
from tuf.api.exceptions import ExpiredMetadataError
from tuf.api.metadata import DelegatedRole, MetaFile

from protocol.unixtime import UnixTime
from revocation.repository import loader
from revocation.repository.errors import (
    NotServed,
    RolledBack,
    TooFewSignatures,
    WrongBytes,
)
from tests.revocation.repository.simulator import DAY, NOW, Clients, Repository, key, moment


def test_what_one_region_signs_of_another_gets_nowhere(clients: Clients, repository: Repository) -> None:
    before = clients.ours.held()
    assert before is not None
    # A city lists documents of its neighbour, of its province, and of another province.
    for path in ("330400/trust.cbor", "330000/trust.cbor", "340100/trust.cbor"):
        repository.document("330100", b"stolen", path)
    # And a province delegates another province's city to its own key, under a name of its own and under the city's.
    theirs = repository.roles["340000"].delegations
    assert theirs is not None
    assert theirs.roles is not None
    mine = key("340000").public_key
    theirs.keys[mine.keyid] = mine
    for name in ("330100", "330999"):
        theirs.roles[name] = DelegatedRole(name, [mine.keyid], 1, terminating=True, paths=["330100/*"])
    for name in ("330100", "340000"):
        repository.next_role(name)
    repository.next_state()
    seen = clients.agree()
    after = clients.ours.held()
    assert after is not None
    assert after.versions.snapshot == 2
    assert after.regions == before.regions
    assert seen.hashes == {path: each and each.sha256.hex() for path in seen.hashes for each in [before.target(path)]}


def test_a_delegation_that_does_not_end_the_search_is_not_followed(clients: Clients, repository: Repository) -> None:
    delegations = repository.roles["330000"].delegations
    assert delegations is not None
    assert delegations.roles is not None
    delegations.roles["330400"].terminating = False
    repository.next_role("330000")
    repository.next_state()
    ours, theirs, _ = clients.look()
    assert ours.hashes is not None
    assert ours.hashes["330400/trust.cbor"] is None
    # Here ours is stricter: such a delegation could be overruled by another one.
    assert theirs.hashes is not None
    assert theirs.hashes["330400/trust.cbor"] is not None


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets", "330000", "330100"])
def test_late_is_a_grade_and_no_refusal(clients: Clients, repository: Repository, role: str) -> None:
    end = NOW + 1_000
    if role == "root":
        repository.root.version += 1
        repository.root.expires = moment(end)
        repository.put_root()
    elif role in ("timestamp", "snapshot"):
        {"timestamp": repository.timestamp, "snapshot": repository.snapshot}[role].expires = moment(end)
        repository.snapshot.version += 1
        repository.put_snapshot()
        repository.timestamp.version += 1
        repository.put_timestamp()
    else:
        repository.roles[role].version += 1
        repository.roles[role].expires = moment(end)
        repository.put_role(role)
        repository.next_state()
    assert clients.agree(at=end - 1).accepted
    assert clients.agree(at=end).accepted
    _, theirs, _ = clients.look(at=end)
    assert isinstance(theirs.refusal, ExpiredMetadataError)
    good, late = clients.ours.held(at=end - 1), clients.ours.held(at=end)
    assert good is not None
    assert late is not None
    assert good.late_since is None
    is_region = role.isdigit()
    assert late.late_since == (None if is_region else end)
    assert late.root_expired_since == (end if role == "root" else None)
    if is_region:
        assert late.region_late_since(role, at=UnixTime(end)) == end
        assert late.region_late_since("340000", at=UnixTime(end)) is None
    assert good.seen_at(UnixTime(end)) == late
    assert clients.ours.look(repository, at=end + 400 * DAY).accepted


def test_fast_forward_is_healed_by_another_key(clients: Clients, repository: Repository) -> None:
    """5.3.11: somebody with the timestamp's key named the highest version there is."""
    repository.timestamp.version = 2**32 - 2
    repository.put_timestamp()
    assert clients.agree().accepted
    repository.timestamp.version = 2
    repository.put_timestamp()
    assert type(clients.agree().refusal) is RolledBack
    repository.exchange("timestamp", "timestamp-new")
    repository.next_root()
    repository.put_timestamp()
    assert clients.agree().accepted


def test_a_fast_forward_whose_state_never_came_is_healed_too(clients: Clients, repository: Repository) -> None:
    repository.timestamp.version = 2**32 - 2
    repository.timestamp.snapshot_meta = MetaFile(2**32 - 2)
    repository.put_timestamp()
    assert type(clients.agree().refusal) is NotServed
    repository.timestamp.version = 1
    repository.next_state()
    assert type(clients.agree().refusal) is RolledBack
    repository.exchange("timestamp", "timestamp-new")
    repository.next_root()
    repository.next_state()
    assert clients.agree().accepted


def test_fast_forwarded_roles_are_healed_by_another_snapshot_key(clients: Clients, repository: Repository) -> None:
    """Here python-tuf's client stays where it is: it keeps a timestamp whose own key was not exchanged."""
    repository.roles["330100"].version = 2**32 - 2
    repository.put_role("330100")
    repository.snapshot.version = 2**32 - 3
    repository.next_state()
    assert clients.agree().accepted
    repository.roles["330100"].version = 3
    repository.put_role("330100")
    repository.exchange("snapshot", "snapshot-new")
    repository.next_root()
    repository.snapshot.version = 2
    repository.next_state()
    ours, theirs, _ = clients.look()
    assert ours.accepted
    assert theirs.refusal is not None
    assert "snapshot version" in str(theirs.refusal)


def test_an_old_timestamp_is_not_taken_because_a_root_key_was_exchanged(
    clients: Clients, repository: Repository
) -> None:
    """Only whoever signs timestamps or snapshots no more takes the memory of them away."""
    repository.next_state()
    assert clients.agree().accepted
    repository.root.revoke_key(key("root-3").public_key.keyid, "root")
    repository.root.add_key(key("root-4").public_key, "root")
    repository.exchange("targets", "targets-new")
    repository.next_root()
    repository.files["metadata/timestamp.json"] = repository.before["metadata/timestamp.json"]
    assert type(clients.agree().refusal) is RolledBack


def test_a_chain_of_roots_is_followed_one_by_one(clients: Clients, repository: Repository) -> None:
    for number in range(4, 9):
        going = repository.signs["root"][0]
        names = repository.signs["root"][1:]
        repository.root.revoke_key(key(going).public_key.keyid, "root")
        repository.root.add_key(key(f"root-{number}").public_key, "root")
        repository.signs["root"] = [*names, f"root-{number}"]
        repository.next_root(names)
    assert clients.agree().accepted
    held = clients.ours.held()
    assert held is not None
    assert held.versions.root == 6
    # Every single one is needed: the last is signed by nobody whom the first root knows.
    late_comer = Clients(clients.ours.folder.parent / "late", repository)
    assert late_comer.agree().accepted
    del repository.files["metadata/3.root.json"]
    cut_off = Clients(clients.ours.folder.parent / "cut", repository)
    ours, _, _ = cut_off.look()
    assert ours.accepted
    assert cut_off.ours.held().versions.root == 2  # type: ignore[union-attr]  # it holds one


def test_a_good_root_stays_when_the_one_after_it_is_refused(clients: Clients, repository: Repository) -> None:
    repository.next_root()
    repository.next_root(["root-1"])
    assert type(clients.agree().refusal) is TooFewSignatures
    held = clients.ours.held()
    assert held is not None
    assert held.versions.root == 2


def test_a_new_state_after_a_refusal_is_taken(clients: Clients, repository: Repository) -> None:
    repository.next_state()
    good = dict(repository.files)
    repository.files["metadata/2.snapshot.json"] = b"{}"
    assert type(clients.agree().refusal) is WrongBytes
    repository.files = good
    assert clients.agree().accepted


def test_a_timestamp_that_was_seen_is_binding_even_if_its_state_never_came(
    clients: Clients, repository: Repository
) -> None:
    repository.next_state()
    second = dict(repository.files)
    repository.next_state()
    del repository.files["metadata/3.snapshot.json"]
    assert type(clients.agree().refusal) is NotServed
    repository.files = second
    assert type(clients.agree().refusal) is RolledBack


def test_two_timestamps_of_one_version(clients: Clients, repository: Repository) -> None:
    """5.4.3.1: the second is not looked at where the first one's state is held; otherwise it is refused."""
    repository.snapshot.version = 2
    repository.put_snapshot()
    repository.put_timestamp()
    assert clients.agree().accepted
    held = clients.ours.held()
    assert held is not None
    assert held.versions.snapshot == 1
    repository.next_state()
    snapshot = repository.files.pop("metadata/3.snapshot.json")
    assert type(clients.agree().refusal) is NotServed
    repository.snapshot.version = 4
    repository.put_snapshot()
    repository.put_timestamp()
    assert type(clients.agree().refusal) is RolledBack
    repository.files["metadata/3.snapshot.json"] = snapshot
    repository.snapshot.version = 5
    repository.next_state()
    assert clients.agree().accepted


def test_the_same_timestamp_signed_again_changes_nothing(clients: Clients, repository: Repository) -> None:
    before = repository.files["metadata/timestamp.json"]
    repository.put_timestamp()
    assert repository.files["metadata/timestamp.json"] != before
    assert clients.agree().accepted
    report = loader.refresh(clients.ours.folder, repository.fetch, at=NOW)
    assert not report.changed
    assert report.fetched == 1


def test_a_first_timestamp_is_binding_beyond_a_new_root_before_any_snapshot_came(
    tmp_path: Path, repository: Repository
) -> None:
    clients = Clients(tmp_path, repository)
    repository.next_state()
    del repository.files["metadata/2.snapshot.json"]
    assert type(clients.agree().refusal) is NotServed
    repository.next_root()
    repository.files["metadata/timestamp.json"] = repository.before["metadata/timestamp.json"]
    assert type(clients.agree().refusal) is RolledBack
