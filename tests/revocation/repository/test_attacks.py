"""Attacks that our loader and python-tuf's client refuse alike; ours for exactly this reason. What is held stays."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tuf.api.metadata import MetaFile

from revocation.repository.errors import (
    EndlessData,
    MalformedMetadata,
    MetadataRefused,
    NotServed,
    RolledBack,
    TooFewSignatures,
    Unlisted,
    WrongBytes,
    WrongVersion,
)
from tests.revocation.repository.simulator import Clients, Repository, key

Attack = Callable[[Repository], None]


def edited(content: bytes, change: Callable[[dict], None]) -> bytes:
    """The file with something else in it; its signatures are those that it had."""
    value = json.loads(content)
    change(value)
    return json.dumps(value).encode()


def old_timestamp(repository: Repository) -> None:
    repository.files["metadata/timestamp.json"] = repository.before["metadata/timestamp.json"]


def old_snapshot_under_the_new_name(repository: Repository) -> None:
    repository.files["metadata/2.snapshot.json"] = repository.before["metadata/1.snapshot.json"]


def old_role_under_the_new_name(repository: Repository) -> None:
    repository.files["metadata/2.330100.json"] = repository.before["metadata/1.330100.json"]


def another_regions_role(repository: Repository) -> None:
    repository.files["metadata/2.330100.json"] = repository.files["metadata/1.330400.json"]


def endless_timestamp(repository: Repository) -> None:
    repository.files["metadata/timestamp.json"] += b" " * 20_000


def endless_root(repository: Repository) -> None:
    repository.files["metadata/2.root.json"] = b"{" + b" " * 600_000


def garbage(repository: Repository) -> None:
    repository.files["metadata/timestamp.json"] = b'{"signed": {'


def no_object(repository: Repository) -> None:
    repository.files["metadata/timestamp.json"] = b"[1, 2, 3]"


def deep(repository: Repository) -> None:
    repository.files["metadata/timestamp.json"] = b"[" * 16_000


def huge_number(repository: Repository) -> None:
    content = repository.files["metadata/timestamp.json"]
    repository.files["metadata/timestamp.json"] = content.replace(b'"version":2', b'"version":' + b"9" * 5_000)


def no_timestamp(repository: Repository) -> None:
    del repository.files["metadata/timestamp.json"]


def no_snapshot(repository: Repository) -> None:
    del repository.files["metadata/2.snapshot.json"]


def no_role(repository: Repository) -> None:
    del repository.files["metadata/2.330100.json"]


def snapshot_as_timestamp(repository: Repository) -> None:
    repository.files["metadata/timestamp.json"] = repository.files["metadata/2.snapshot.json"]


def unsigned(repository: Repository) -> None:
    content = repository.files["metadata/timestamp.json"]
    repository.files["metadata/timestamp.json"] = edited(content, lambda value: value.update(signatures=[]))


def signature_of_the_old_one(repository: Repository) -> None:
    signatures = json.loads(repository.before["metadata/timestamp.json"])["signatures"]
    content = repository.files["metadata/timestamp.json"]
    repository.files["metadata/timestamp.json"] = edited(content, lambda value: value.update(signatures=signatures))


def longer_life(repository: Repository) -> None:
    content = repository.files["metadata/timestamp.json"]
    far = {"expires": "2099-01-01T00:00:00Z"}
    repository.files["metadata/timestamp.json"] = edited(content, lambda value: value["signed"].update(far))


def wrong_roles_key(repository: Repository) -> None:
    repository.put_timestamp(["snapshot"])


def regions_key_for_the_centre(repository: Repository) -> None:
    repository.roles["targets"].version += 1
    repository.put_role("targets", ["330000"])
    repository.next_state()


def another_regions_key(repository: Repository) -> None:
    repository.roles["330100"].version += 1
    repository.put_role("330100", ["330400"])
    repository.next_state()


def provinces_key_for_its_city(repository: Repository) -> None:
    repository.roles["330100"].version += 1
    repository.put_role("330100", ["330000"])
    repository.next_state()


def another_specification(repository: Repository) -> None:
    repository.timestamp.spec_version = "2.0.0"
    repository.put_timestamp()


def one_of_three(repository: Repository) -> None:
    repository.next_root(["root-1"])


def one_of_three_twice(repository: Repository) -> None:
    repository.next_root(["root-1"])
    content = repository.files["metadata/2.root.json"]
    twice = edited(content, lambda value: value["signatures"].append(value["signatures"][0]))
    repository.files["metadata/2.root.json"] = twice


def key_listed_twice(repository: Repository) -> None:
    keyids = repository.root.roles["root"].keyids
    keyids[1] = keyids[0]
    repository.next_root()


def skipped_root(repository: Repository) -> None:
    repository.root.version += 2
    repository.put_root(served_as=2)


def same_root_again(repository: Repository) -> None:
    repository.put_root(served_as=2)


def signed_by_the_new_keys_only(repository: Repository) -> None:
    for name in repository.signs["root"]:
        repository.root.revoke_key(key(name).public_key.keyid, "root")
    for name in ("thief-1", "thief-2"):
        repository.root.add_key(key(name).public_key, "root")
    repository.next_root(["thief-1", "thief-2"])


def signed_by_the_old_keys_only(repository: Repository) -> None:
    for name in repository.signs["root"]:
        repository.root.revoke_key(key(name).public_key.keyid, "root")
    for name in ("new-1", "new-2"):
        repository.root.add_key(key(name).public_key, "root")
    repository.next_root(["root-1", "root-2"])


def old_key_of_the_timestamp(repository: Repository) -> None:
    repository.exchange("timestamp", "timestamp-new")
    repository.next_root()
    repository.timestamp.version += 1
    repository.put_timestamp(["timestamp"])


def snapshot_goes_back(repository: Repository) -> None:
    repository.snapshot.version = 1
    repository.put_snapshot()
    repository.timestamp.version += 1
    repository.put_timestamp()


def role_goes_back(repository: Repository) -> None:
    repository.snapshot.meta["330100.json"] = MetaFile(1)
    repository.next_state()


def role_is_listed_no_more(repository: Repository) -> None:
    del repository.snapshot.meta["330100.json"]
    repository.next_state()


def role_is_not_listed(repository: Repository) -> None:
    """Delegated to, and never part of any snapshot."""
    targets = repository.roles["330000"]
    assert targets.delegations is not None
    assert targets.delegations.roles is not None
    targets.delegations.roles["330400"].name = "330500"
    targets.delegations.roles["330500"] = targets.delegations.roles.pop("330400")
    targets.delegations.roles["330500"].paths = ["330?00/*"]
    repository.next_role("330000")
    repository.next_state()


def two_delegations_of_one_name(repository: Repository) -> None:
    repository.roles["330000"].version += 1
    content = repository.sign(repository.roles["330000"], ["330000"])

    def twice(value: dict) -> None:
        value["signed"]["delegations"]["roles"].append(value["signed"]["delegations"]["roles"][0])

    repository.files["metadata/2.330000.json"] = edited(content, twice)
    repository.snapshot.meta["330000.json"] = MetaFile(2)
    repository.next_state()


ATTACKS: tuple[tuple[Attack, type[MetadataRefused]], ...] = (
    (old_timestamp, RolledBack),
    (old_snapshot_under_the_new_name, WrongBytes),
    (old_role_under_the_new_name, WrongBytes),
    (another_regions_role, WrongBytes),
    (endless_timestamp, EndlessData),
    (endless_root, EndlessData),
    (garbage, MalformedMetadata),
    (no_object, MalformedMetadata),
    (deep, MalformedMetadata),
    (huge_number, MalformedMetadata),
    (no_timestamp, NotServed),
    (no_snapshot, NotServed),
    (no_role, NotServed),
    (snapshot_as_timestamp, MalformedMetadata),
    (unsigned, TooFewSignatures),
    (signature_of_the_old_one, TooFewSignatures),
    (longer_life, TooFewSignatures),
    (wrong_roles_key, TooFewSignatures),
    (regions_key_for_the_centre, TooFewSignatures),
    (another_regions_key, TooFewSignatures),
    (provinces_key_for_its_city, TooFewSignatures),
    (another_specification, MalformedMetadata),
    (one_of_three, TooFewSignatures),
    (one_of_three_twice, MalformedMetadata),
    (key_listed_twice, MalformedMetadata),
    (skipped_root, WrongVersion),
    (same_root_again, WrongVersion),
    (signed_by_the_new_keys_only, TooFewSignatures),
    (signed_by_the_old_keys_only, TooFewSignatures),
    (old_key_of_the_timestamp, TooFewSignatures),
    (snapshot_goes_back, RolledBack),
    (role_goes_back, RolledBack),
    (role_is_listed_no_more, RolledBack),
    (role_is_not_listed, Unlisted),
    (two_delegations_of_one_name, MalformedMetadata),
)
IN_THE_SECOND_STATE = (
    old_snapshot_under_the_new_name,
    old_role_under_the_new_name,
    another_regions_role,
    no_snapshot,
    no_role,
)
"""These are made while the second state is fetched for the first time."""


@pytest.mark.parametrize(("attack", "reason"), ATTACKS, ids=[attack.__name__ for attack, _ in ATTACKS])
def test_attack(clients: Clients, repository: Repository, attack: Attack, reason: type[MetadataRefused]) -> None:
    """Between two good states, of which the second is held: both clients refuse, and what is held stays."""
    repository.document("330100", b"second")
    repository.next_role("330100")
    repository.next_state()
    if attack not in IN_THE_SECOND_STATE:
        assert clients.agree().accepted
    held = clients.ours.held()
    attack(repository)
    refused = clients.agree()
    assert type(refused.refusal) is reason
    now_held = clients.ours.held()
    assert held is not None
    assert now_held is not None
    assert now_held.versions.snapshot == held.versions.snapshot


@pytest.mark.parametrize("attack", [old_snapshot_under_the_new_name, old_role_under_the_new_name, another_regions_role])
def test_mixed_states_are_refused_without_hashes_too(tmp_path: Path, attack: Attack) -> None:
    repository = Repository(hashes=False)
    clients = Clients(tmp_path, repository)
    assert clients.agree().accepted
    repository.document("330100", b"second")
    repository.next_role("330100")
    repository.next_state()
    attack(repository)
    reason = TooFewSignatures if attack is another_regions_role else WrongVersion
    assert type(clients.agree().refusal) is reason
