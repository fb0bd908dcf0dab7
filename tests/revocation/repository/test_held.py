"""The folder: plugs pulled at any write, files that change by themselves, two programs at once, a wrong first root."""

import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from revocation.repository import durable, held, loader
from revocation.repository.errors import (
    AlreadyHeld,
    Busy,
    Damaged,
    FolderUnusable,
    NothingHeld,
    PinnedRootDiffers,
    RolledBack,
    TooFewSignatures,
)
from tests.revocation.repository.simulator import NOW, Ours, Repository, hashes, key


class PlugPulled(Exception):
    """Nothing after this was done."""


@pytest.fixture
def repository() -> Repository:
    return Repository()


@pytest.fixture
def ours(tmp_path: Path, repository: Repository) -> Ours:
    made = Ours(tmp_path / "held", repository.files["metadata/1.root.json"])
    assert made.look(repository, at=NOW).accepted
    return made


def test_a_plug_pulled_at_any_write_leaves_the_old_state_or_the_new_one(
    tmp_path: Path, repository: Repository, ours: Ours, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = hashes(loader.load(ours.folder, at=NOW))
    repository.document("330100", b"second")
    repository.exchange("timestamp", "timestamp-new")
    repository.next_root()
    repository.next_role("330100")
    repository.next_state()
    whole = tmp_path / "whole"
    shutil.copytree(ours.folder, whole)
    new = hashes(loader.refresh(whole, repository.fetch, at=NOW).metadata)
    real, pulled = durable.write, 0
    for survives in range(100):
        folder = tmp_path / f"after-{survives}"
        shutil.copytree(ours.folder, folder)
        writes = 0

        def write(path: Path, content: bytes, *, private: bool = False, last: int = survives) -> None:
            nonlocal writes
            writes += 1
            if writes > last:
                raise PlugPulled
            real(path, content, private=private)

        with monkeypatch.context() as patched:
            patched.setattr(durable, "write", write)
            try:
                loader.refresh(folder, repository.fetch, at=NOW)
            except PlugPulled:
                pulled += 1
        assert hashes(loader.load(folder, at=NOW)) in (old, new)
        assert hashes(loader.refresh(folder, repository.fetch, at=NOW).metadata) == new
        assert hashes(loader.load(folder, at=NOW)) == new
        if writes <= survives:
            break
    assert old != new
    # Root and its record, three records of marks and state, timestamp, snapshot, role.
    assert pulled == 8


def test_what_was_refused_before_the_plug_was_pulled_is_refused_after_it(repository: Repository, ours: Ours) -> None:
    first = dict(repository.files)
    repository.next_state()
    assert ours.look(repository, at=NOW).accepted
    repository.files = first
    assert type(Ours(ours.folder, first["metadata/1.root.json"]).look(repository, at=NOW).refusal) is RolledBack


def test_every_file_that_changes_by_itself_is_noticed_and_fetched_again(repository: Repository, ours: Ours) -> None:
    good = hashes(loader.load(ours.folder, at=NOW))
    objects = sorted((ours.folder / "objects").iterdir())
    assert len(objects) == 10  # root, timestamp, snapshot, targets and six regions
    for path in objects:
        content = path.read_bytes()
        for damaged in (content[:-1] + bytes([content[-1] ^ 1]), b"", None):
            if damaged is None:
                path.unlink()
            else:
                path.write_bytes(damaged)
            with pytest.raises(Damaged):
                loader.load(ours.folder, at=NOW)
            assert ours.look(repository, at=NOW).hashes == good
            assert path.read_bytes() == content or path.name not in {each.name for each in objects}
            assert hashes(loader.load(ours.folder, at=NOW)) == good


def test_a_damaged_root_is_taken_from_the_mirror_by_its_hash_only(repository: Repository, ours: Ours) -> None:
    root = repository.files["metadata/1.root.json"]
    (ours.folder / "objects" / sha256(root).hexdigest()).write_bytes(b"")
    repository.root.add_key(key("thief").public_key, "root")
    repository.put_root(["root-1", "root-2"])
    with pytest.raises(Damaged, match="the mirror has no good one"):
        loader.refresh(ours.folder, repository.fetch, at=NOW)


def test_a_damaged_record_needs_the_first_root_again(repository: Repository, ours: Ours) -> None:
    record = ours.folder / "held.json"
    record.write_bytes(record.read_bytes().replace(b'"roots"', b'"roofs"', 1))
    for ask in (loader.load, lambda folder, at: loader.refresh(folder, repository.fetch, at=at)):
        with pytest.raises(Damaged):
            ask(ours.folder, at=NOW)
    root = repository.files["metadata/1.root.json"]
    loader.initialise(ours.folder, root, expected_sha256=sha256(root).hexdigest())
    assert ours.look(repository, at=NOW).accepted


def test_the_disk_is_not_believed_where_signatures_can_be_checked(repository: Repository, ours: Ours) -> None:
    """Whoever writes the folder's record writes another state into it, with hashes that fit."""
    folder = held.HeldFolder(ours.folder)
    record = folder.record()
    assert record.state is not None
    repository.put_timestamp(["snapshot"])
    forged = folder.keep(repository.files["metadata/timestamp.json"])
    state = held.State(record.state.root, forged, record.state.snapshot, record.state.roles)
    folder.commit(held.Record(record.roots, record.marks, state))
    with pytest.raises(TooFewSignatures):
        loader.load(ours.folder, at=NOW)


def test_a_root_that_somebody_wrote_into_the_folder(tmp_path: Path, repository: Repository, ours: Ours) -> None:
    """As the newest one it is signed by nobody known; as the first one it is not the one that was agreed upon."""
    theirs = Repository()
    theirs.root.revoke_key(key("root-1").public_key.keyid, "root")
    for name in ("thief-1", "thief-2"):
        theirs.root.add_key(key(name).public_key, "root")
    theirs.root.version = 2
    theirs.put_root(["thief-1", "thief-2"])
    folder = held.HeldFolder(ours.folder)
    record = folder.record()
    forged = held.RootName(2, folder.keep(theirs.files["metadata/2.root.json"]))
    folder.commit(held.Record((*record.roots, forged), record.marks, record.state))
    with pytest.raises(TooFewSignatures):
        loader.load(ours.folder, at=NOW)
    with pytest.raises(TooFewSignatures):
        loader.refresh(ours.folder, repository.fetch, at=NOW)
    theirs.put_root(["thief-1", "thief-2"], served_as=1)
    other = Ours(tmp_path / "other", theirs.files["metadata/1.root.json"])
    pinned = sha256(repository.files["metadata/1.root.json"]).hexdigest()
    with pytest.raises(PinnedRootDiffers):
        loader.load(other.folder, at=NOW, expected_sha256=pinned)


def test_nothing_is_left_over(repository: Repository, ours: Ours) -> None:
    for number in range(3):
        repository.document("330100", b"%d" % number)
        repository.next_role("330100")
        repository.next_state()
        assert ours.look(repository, at=NOW).accepted
    (ours.folder / "objects" / "left.tmp").write_bytes(b"by a plug that was pulled")
    repository.next_state()
    assert ours.look(repository, at=NOW).accepted
    assert len(list((ours.folder / "objects").iterdir())) == 10


def test_one_program_at_a_time(repository: Repository, ours: Ours) -> None:
    def fetch(name: str, max_bytes: int) -> bytes | None:
        with pytest.raises(Busy):
            loader.refresh(ours.folder, repository.fetch, at=NOW)
        assert hashes(loader.load(ours.folder, at=NOW))
        return repository.fetch(name, max_bytes)

    repository.next_state()
    assert loader.refresh(ours.folder, fetch, at=NOW).changed
    # The lock was given back.
    assert not loader.refresh(ours.folder, repository.fetch, at=NOW).changed


def test_what_the_mirror_raises_goes_through_and_what_is_held_stays(repository: Repository, ours: Ours) -> None:
    repository.next_state()
    good = hashes(loader.load(ours.folder, at=NOW))
    for name in ("metadata/2.root.json", "metadata/timestamp.json", "metadata/2.snapshot.json"):

        def fetch(asked: str, max_bytes: int, name: str = name) -> bytes | None:
            if asked == name:
                raise TimeoutError(name)
            return repository.fetch(asked, max_bytes)

        with pytest.raises(TimeoutError, match=name):
            loader.refresh(ours.folder, fetch, at=NOW)
        assert hashes(loader.load(ours.folder, at=NOW)) == good


def test_setting_up(tmp_path: Path, repository: Repository) -> None:
    root = repository.files["metadata/1.root.json"]
    digest = sha256(root).hexdigest()
    folder = tmp_path / "new"
    with pytest.raises(NothingHeld):
        loader.load(folder, at=NOW)
    with pytest.raises(PinnedRootDiffers):
        loader.initialise(folder, root, expected_sha256="0" * 64)
    assert not folder.exists()
    loader.initialise(folder, root, expected_sha256=digest.upper())
    with pytest.raises(NothingHeld, match="never refreshed"):
        loader.load(folder, at=NOW)
    loader.refresh(folder, repository.fetch, at=NOW)
    loader.initialise(folder, root, expected_sha256=digest)
    assert hashes(loader.load(folder, at=NOW))
    repository.next_root()
    other = repository.files["metadata/2.root.json"]
    with pytest.raises(AlreadyHeld):
        loader.initialise(folder, other, expected_sha256=sha256(other).hexdigest())


def test_a_first_root_that_does_not_fulfil_itself(tmp_path: Path, repository: Repository) -> None:
    repository.put_root(["root-1"])
    root = repository.files["metadata/1.root.json"]
    with pytest.raises(TooFewSignatures):
        loader.initialise(tmp_path / "new", root, expected_sha256=sha256(root).hexdigest())


def test_a_folder_that_cannot_be_written(tmp_path: Path, repository: Repository) -> None:
    (tmp_path / "file").write_bytes(b"")
    root = repository.files["metadata/1.root.json"]
    with pytest.raises(FolderUnusable):
        loader.initialise(tmp_path / "file" / "below", root, expected_sha256=sha256(root).hexdigest())
