"""What python-tuf's client takes and ours does not, on purpose: forms that nobody needs and somebody could use."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import DelegatedRole, TargetFile, Targets

from revocation.repository import loader
from revocation.repository.errors import (
    MalformedMetadata,
)
from tests.revocation.repository.simulator import NOW, Clients, Repository, key

Attack = Callable[[Repository], None]


def one_key_under_two_ids(repository: Repository) -> None:
    """One stolen key of the root signs twice."""
    public = key("root-1").public_key
    again = SSlibKey("0" * 64, public.keytype, public.scheme, dict(public.keyval))
    repository.root.add_key(again, "root")
    repository.root.version += 1
    content = json.loads(repository.sign(repository.root, ["root-1", "root-2"]))
    own = next(each for each in content["signatures"] if each["keyid"] == public.keyid)
    content["signatures"].append({**own, "keyid": again.keyid})
    repository.files["metadata/2.root.json"] = json.dumps(content).encode()


def key_of_an_object_twice(repository: Repository) -> None:
    content = repository.files["metadata/timestamp.json"]
    repository.files["metadata/timestamp.json"] = b'{"signed":{},' + content[1:]


def number_that_is_no_integer(repository: Repository) -> None:
    content = repository.files["metadata/timestamp.json"]
    repository.files["metadata/timestamp.json"] = b'{"beside":1.5,' + content[1:]


def version_beyond_every_bound(repository: Repository) -> None:
    repository.timestamp.version = 2**32
    repository.put_timestamp()


def key_of_another_kind(repository: Repository) -> None:
    repository.root.add_key(type(key("root-1")).generate_ed25519().public_key, "root")
    repository.next_root()


def inconsistent_snapshots(repository: Repository) -> None:
    repository.root.consistent_snapshot = False
    repository.next_root()
    for name, content in list(repository.files.items()):
        if name.startswith("metadata/1.") and "root" not in name:
            repository.files[name.replace("metadata/1.", "metadata/")] = content


def target_without_sha256(repository: Repository) -> None:
    target = TargetFile.from_data("330100/trust.cbor", b"x", ["sha512"])
    repository.roles["330100"].targets["330100/trust.cbor"] = target
    repository.next_role("330100")
    repository.next_state()


STRICTER: tuple[Attack, ...] = (
    one_key_under_two_ids,
    key_of_an_object_twice,
    number_that_is_no_integer,
    version_beyond_every_bound,
    key_of_another_kind,
    inconsistent_snapshots,
)


@pytest.mark.parametrize("attack", STRICTER, ids=[attack.__name__ for attack in STRICTER])
def test_what_python_tuf_takes_and_we_do_not(clients: Clients, repository: Repository, attack: Attack) -> None:
    attack(repository)
    ours, theirs, _ = clients.look()
    assert type(ours.refusal) is MalformedMetadata
    assert theirs.accepted


def test_a_target_without_a_sha256_is_refused(clients: Clients, repository: Repository) -> None:
    target_without_sha256(repository)
    assert type(clients.ours.look(repository, at=NOW).refusal) is MalformedMetadata


@pytest.mark.parametrize(
    "path",
    [
        "../trust.cbor",
        "/330100/trust.cbor",
        "330100/../330400/trust.cbor",
        "330100//trust.cbor",
        "330100/trust.cbor/",
        "330100/other.cbor",
        "330100/trust.cbor\n",
        "３３0100/trust.cbor",
    ],
)
def test_only_the_documents_of_a_region_are_looked_up(clients: Clients, repository: Repository, path: str) -> None:
    for role in ("targets", "330000", "330100"):
        repository.document(role, b"bait", path)
        repository.next_role(role)
    repository.next_state()
    ours, _, _ = clients.look()
    assert ours.accepted
    held = clients.ours.held()
    assert held is not None
    assert held.target(path) is None


def test_no_name_of_the_metadata_becomes_a_name_of_a_file(tmp_path: Path, repository: Repository) -> None:
    """Role names that would lead out of the folder, as a delegation and in the snapshot."""
    mine = key("targets").public_key
    repository.signs["../../escaped"] = ["targets"]
    repository.roles["../../escaped"] = Targets(expires=repository.end("targets"))
    delegations = repository.roles["targets"].delegations
    assert delegations is not None
    assert delegations.roles is not None
    role = DelegatedRole("../../escaped", [mine.keyid], 1, terminating=True, paths=["*/*"])
    delegations.roles = {"../../escaped": role, **delegations.roles}
    delegations.keys[mine.keyid] = mine
    repository.put_role("../../escaped")
    repository.next_role("targets")
    repository.next_state()
    asked = []

    def fetch(name: str, max_bytes: int) -> bytes | None:
        asked.append(name)
        return repository.fetch(name, max_bytes)

    folder = tmp_path / "deep" / "folder"
    root = repository.files["metadata/1.root.json"]
    loader.initialise(folder, root, expected_sha256=sha256(root).hexdigest())
    found = loader.refresh(folder, fetch, at=NOW).metadata
    assert found.regions == ("310000", "330000", "330100", "330400", "340000", "340100")
    assert not any(".." in name for name in asked)
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["folder"]
    assert {path.name for path in folder.iterdir()} == {"held.json", "lock", "objects"}
    assert all(len(path.name) == 64 for path in (folder / "objects").iterdir())
