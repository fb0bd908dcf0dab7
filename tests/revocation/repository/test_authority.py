"""Those who run the repository, from the first ceremony to a revoked region; a terminal looks at every step."""

import contextlib
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from tuf.ngclient import Updater

from protocol.unixtime import DAY, UnixTime
from revocation.repository import authority, ceremony, durable, key_files, loader
from revocation.repository.errors import (
    KeyFileUnusable,
    PassphraseWrong,
    PlanRefused,
    SignaturesWanted,
)
from revocation.repository.loader import TrustMetadata
from tests.revocation.repository.keepers import CHEAP, MAKING, PASSPHRASE, Kept, publish_documents, root_of
from tests.revocation.repository.simulator import NOW, Fetcher, moment


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    Kept(folder / "repository")
    return folder


@pytest.fixture
def kept(made: Path, tmp_path: Path) -> Kept:
    """A copy of one repository with three regions."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    copied = Kept.__new__(Kept)
    copied.folder, copied.at = tmp_path / "repository", NOW
    for region in ("330000", "330100", "340000"):
        authority.add_region(copied.folder, region, documents=copied.documents(region), key=None, making=MAKING)
    return copied


class Terminal:
    """Somebody who has the first root."""

    def __init__(self, kept: Kept, folder: Path) -> None:
        self._kept, self._folder = kept, folder
        root = (kept.files / "metadata" / "1.root.json").read_bytes()
        loader.initialise(folder, root, expected_sha256=sha256(root).hexdigest())

    def look(self) -> TrustMetadata:
        return loader.refresh(self._folder, self._kept.fetch, at=self._kept.at).metadata


@pytest.fixture
def terminal(kept: Kept, tmp_path: Path) -> Terminal:
    made = Terminal(kept, tmp_path / "terminal")
    made.look()
    return made


def public(folder: Path, name: str) -> Path:
    """A key made on another machine."""
    key_files.make(folder / f"{name}.key", PASSPHRASE, random_bytes=MAKING.random_bytes, strength=CHEAP)
    return folder / f"{name}.pub"


def sign(kept: Kept, file: str, key: Path) -> ceremony.RootCeremony:
    return ceremony.sign(kept.folder / "pending" / file, key_files.signer_of(key, PASSPHRASE))


def test_what_is_published_is_what_a_terminal_finds(kept: Kept, terminal: Terminal) -> None:
    found = terminal.look()
    assert found.regions == ("330000", "330100", "340000")
    assert found.late_since is None
    for region in found.regions:
        for name in ("root.cbor", "trust.cbor", "catalogue.cbor", "policy.cbor"):
            content = (kept.documents(region) / name).read_bytes()
            digest = found.target(f"{region}/{name}")
            assert digest is not None
            assert (digest.sha256, digest.size) == (sha256(content).digest(), len(content))
            assert kept.fetch(digest.name(f"{region}/{name}"), digest.size) == content
        assert found.target(f"{region}/feed.cbor") is None
    ends = {role: (end - NOW) // DAY for role, end in found.expiries.items()}
    assert ends == {"root": 365, "timestamp": 1, "snapshot": 7, "targets": 90} | dict.fromkeys(found.regions, 90)


def test_any_client_of_tuf_finds_the_same(kept: Kept, tmp_path: Path) -> None:
    """python-tuf's own client, with the documents' bytes."""
    (tmp_path / "client").mkdir()
    updater = Updater(
        str(tmp_path / "client"),
        "memory:///metadata/",
        target_dir=str(tmp_path / "client"),
        target_base_url="memory:///targets/",
        fetcher=Fetcher(lambda name: kept.fetch(name, 2**22)),
        bootstrap=kept.fetch("metadata/1.root.json", 2**22),
    )
    updater._trusted_set.reference_time = moment(kept.at)
    for region in ("330000", "330100", "340000"):
        for name in ("root.cbor", "trust.cbor", "catalogue.cbor", "policy.cbor"):
            found = updater.get_targetinfo(f"{region}/{name}")
            assert found is not None
            content = Path(updater.download_target(found)).read_bytes()
            assert content == (kept.documents(region) / name).read_bytes()


def test_publishing_twice_changes_nothing(kept: Kept) -> None:
    before = {path: path.read_bytes() for path in kept.files.rglob("*") if path.is_file()}
    done = kept.publish()
    assert (done.changed, done.documents, done.waiting) == ((), 0, {})
    assert {path: path.read_bytes() for path in kept.files.rglob("*") if path.is_file()} == before


def test_only_what_changed_gets_a_new_version(kept: Kept, terminal: Terminal) -> None:
    publish_documents(kept.documents("330100"), "330100", seq=2)
    done = kept.publish()
    assert done.changed == ("330100", "snapshot", "timestamp")
    assert done.documents == 2
    digest = terminal.look().target("330100/trust.cbor")
    assert digest is not None
    assert digest.sha256 == sha256((kept.documents("330100") / "trust.cbor").read_bytes()).digest()


@pytest.mark.parametrize(
    ("days", "signed_again"),
    [
        (0.4, ()),
        (0.6, ("timestamp",)),
        (4, ("snapshot", "timestamp")),
        (46, ("330100", "330000", "340000", "targets", "snapshot", "timestamp")),
    ],
)
def test_what_has_lived_half_of_its_life_is_signed_again(
    kept: Kept, days: float, signed_again: tuple[str, ...]
) -> None:
    kept.at = UnixTime(NOW + int(days * DAY))
    assert kept.publish().changed == signed_again


@pytest.mark.parametrize("wrong", ["missing", "other root", "other region"])
def test_a_region_that_publishes_nonsense_stays_as_it_was_and_holds_up_nobody(
    kept: Kept, terminal: Terminal, wrong: str
) -> None:
    before = terminal.look().target("330100/trust.cbor")
    if wrong == "missing":
        (kept.documents("330100") / "trust.cbor").unlink()
    elif wrong == "other root":
        other = publish_documents(kept.folder.parent / "other", "330100", root=root_of("999999"))
        shutil.copy(other / "trust.cbor", kept.documents("330100"))
    else:
        publish_documents(kept.documents("330100"), "340000")
    publish_documents(kept.documents("340000"), "340000", seq=2)
    done = kept.publish()
    assert done.changed == ("340000", "snapshot", "timestamp")
    assert set(done.waiting) == {"330100"}
    assert terminal.look().target("330100/trust.cbor") == before


def test_a_crash_at_any_write_leaves_a_state_that_terminals_take(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new timestamp is signed by a new key, so that root and timestamp are written one after the other."""
    publish_documents(kept.documents("330100"), "330100", seq=2)
    authority.exchange_online_key(kept.folder, "timestamp", making=MAKING, at=kept.at)
    real = durable.write
    old = Terminal(kept, tmp_path / "old").look().target("330100/trust.cbor")
    for survives in range(20):
        crashed = Kept.__new__(Kept)
        crashed.folder, crashed.at = tmp_path / f"crash-{survives}" / "repository", kept.at
        shutil.copytree(kept.folder, crashed.folder)
        writes = 0

        def write(path: Path, content: bytes, *, private: bool = False, last: int = survives) -> None:
            nonlocal writes
            if "/published/" in str(path):
                writes += 1
                if writes > last:
                    raise KeyboardInterrupt
            real(path, content, private=private)

        with monkeypatch.context() as patched:
            patched.setattr(durable, "write", write)
            with contextlib.suppress(KeyboardInterrupt):
                crashed.publish()
        is_between_root_and_timestamp = survives == 5
        terminal = Terminal(crashed, tmp_path / f"terminal-{survives}")
        if not is_between_root_and_timestamp and writes > survives:
            assert terminal.look().target("330100/trust.cbor") == old
        crashed.publish()
        assert terminal.look().target("330100/trust.cbor") != old
        if writes <= survives:
            break
    assert survives == 6  # two documents, a role, a snapshot, a root, a timestamp


def test_a_root_ceremony_counts_both_thresholds(kept: Kept, terminal: Terminal, tmp_path: Path) -> None:
    """The root's keys are elsewhere, as they should be."""
    stick = tmp_path / "sticks"
    stick.mkdir()
    for path in (kept.folder / "keys").glob("root-*.key"):
        path.rename(stick / path.name)
    new = public(stick, "root-4")
    first = authority.status(kept.folder).roles[0].keys[0]
    standing = authority.exchange_root_key(
        kept.folder, out=first, into=key_files.public_of(new), making=MAKING, at=kept.at
    )
    assert (standing.version, standing.missing_before, standing.missing_after) == (2, 2, 2)
    assert any("goes" in change for change in standing.changes)
    assert kept.publish().changed == ()
    names = {key_files.public_of(path).keyid[:12]: path for path in stick.glob("root-*.key")}
    going = names.pop(first)
    staying = [names[keyid] for keyid in names if names[keyid].stem != "root-4"]
    assert sign(kept, "2.root.json", going).missing_before == 1
    standing = sign(kept, "2.root.json", stick / "root-4.key")
    assert (standing.missing_before, standing.missing_after, standing.complete) == (1, 1, False)
    assert sign(kept, "2.root.json", stick / "root-4.key") == standing
    with pytest.raises(KeyFileUnusable, match="neither"):
        sign(kept, "2.root.json", kept.folder / "keys" / "targets-1.key")
    assert kept.publish().changed == ()
    assert sign(kept, "2.root.json", staying[0]).complete
    assert kept.publish().changed == ("root",)
    assert terminal.look().versions.root == 2
    status = authority.status(kept.folder)
    assert status.root_ceremony is None
    assert status.pending == ()


def test_a_first_root_waits_for_its_keepers(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    files = [public(tmp_path, f"keeper-{number}") for number in range(3)]
    standing = authority.initialise(
        folder,
        root_keys=[key_files.public_of(file) for file in files],
        threshold=2,
        days={"timestamp": 3},
        making=MAKING,
        at=NOW,
    )
    assert (standing.complete, standing.missing_after) == (False, 2)
    with pytest.raises(SignaturesWanted):
        authority.publish(folder, ask=MAKING.ask, at=NOW)
    for file in files[:2]:
        signer = key_files.signer_of(file.with_suffix(".key"), PASSPHRASE)
        standing = ceremony.sign(folder / "pending" / "1.root.json", signer)
    assert standing.complete
    assert authority.publish(folder, ask=MAKING.ask, at=NOW).changed == ("root", "targets", "snapshot", "timestamp")
    assert not (folder / "keys" / "root-1.key").exists()


@pytest.mark.parametrize("threshold", [0, 1, 4])
def test_a_threshold_that_is_none(tmp_path: Path, threshold: int) -> None:
    with pytest.raises(PlanRefused):
        authority.initialise(tmp_path / "repository", root_keys=(), threshold=threshold, days={}, making=MAKING, at=NOW)


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_exchanging_a_key_of_the_centre(kept: Kept, terminal: Terminal, role: str) -> None:
    assert authority.exchange_online_key(kept.folder, role, making=MAKING, at=kept.at).complete
    (kept.folder / "keys" / f"{role}-1.key").unlink()
    done = kept.publish()
    assert done.changed[0] == "root"
    assert role in done.changed
    found = terminal.look()
    assert found.versions.root == 2
    assert found.regions == ("330000", "330100", "340000")


def test_one_regions_key_is_revoked_alone(kept: Kept, terminal: Terminal) -> None:
    authority.exchange_region_key(kept.folder, "330100", key=None, revoke=True, making=MAKING)
    (kept.folder / "keys" / "330100-1.key").unlink()
    assert kept.publish().changed == ("330100", "330000", "snapshot", "timestamp")
    assert terminal.look().regions == ("330000", "330100", "340000")


@pytest.mark.parametrize("revoke", [True, False])
def test_a_new_key_that_has_not_signed_yet(kept: Kept, terminal: Terminal, tmp_path: Path, revoke: bool) -> None:
    """Kept elsewhere: the region goes on as it was, unless its old key is revoked; then it is gone until it signs."""
    new = public(tmp_path, "new")
    authority.exchange_region_key(kept.folder, "330100", key=key_files.public_of(new), revoke=revoke, making=MAKING)
    assert set(kept.publish().waiting) == {"330100"}
    assert ("330100" in terminal.look().regions) == (not revoke)
    pending = kept.folder / "pending" / "2.330100.json"
    ceremony.sign_role(pending, key_files.signer_of(new.with_suffix(".key"), PASSPHRASE))
    assert kept.publish().waiting == {}
    assert terminal.look().regions == ("330000", "330100", "340000")
    assert not pending.exists()


def test_a_signature_of_another_key_does_not_help(kept: Kept, terminal: Terminal, tmp_path: Path) -> None:
    new, other = public(tmp_path, "new"), public(tmp_path, "other")
    authority.exchange_region_key(kept.folder, "330100", key=key_files.public_of(new), revoke=True, making=MAKING)
    kept.publish()
    pending = kept.folder / "pending" / "2.330100.json"
    ceremony.sign_role(pending, key_files.signer_of(other.with_suffix(".key"), PASSPHRASE))
    assert set(kept.publish().waiting) == {"330100"}
    assert "330100" not in terminal.look().regions


def test_a_region_that_is_removed_is_gone_and_may_come_back(kept: Kept, terminal: Terminal) -> None:
    authority.remove_region(kept.folder, "330100")
    assert kept.publish().changed == ("330000", "snapshot", "timestamp")
    assert terminal.look().regions == ("330000", "340000")
    assert terminal.look().target("330100/trust.cbor") is None
    kept.add("330100")
    kept.publish()
    assert terminal.look().regions == ("330000", "330100", "340000")


def test_a_province_that_comes_later_takes_its_cities_over(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "repository", regions=("330100",))
    terminal = Terminal(kept, tmp_path / "terminal")
    assert terminal.look().regions == ("330100",)
    kept.add("330000")
    assert "targets" in kept.publish().changed
    assert terminal.look().regions == ("330000", "330100")
    authority.remove_region(kept.folder, "330000")
    kept.publish()
    assert terminal.look().regions == ("330100",)


def test_keys_at_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    key = key_files.make(path, PASSPHRASE, random_bytes=MAKING.random_bytes, strength=CHEAP)
    assert path.stat().st_mode & 0o077 == 0
    assert key_files.public_of(path) == key_files.public_of(tmp_path / "a.pub") == key
    assert key_files.signer_of(path, PASSPHRASE).public_key == key
    with pytest.raises(PassphraseWrong):
        key_files.signer_of(path, PASSPHRASE + " ")
    with pytest.raises(KeyFileUnusable, match="no private half"):
        key_files.signer_of(tmp_path / "a.pub", PASSPHRASE)
    with pytest.raises(KeyFileUnusable, match="free name"):
        key_files.make(path, PASSPHRASE, random_bytes=MAKING.random_bytes, strength=CHEAP)
    with pytest.raises(PassphraseWrong, match="8 characters"):
        key_files.make(tmp_path / "b.key", "1234567", random_bytes=MAKING.random_bytes, strength=CHEAP)
    assert not (tmp_path / "b.key").exists()
    (tmp_path / "c.key").write_bytes(path.read_bytes()[:-40])
    with pytest.raises(KeyFileUnusable):
        key_files.public_of(tmp_path / "c.key")


def test_what_cannot_be_asked_for(kept: Kept, tmp_path: Path) -> None:
    for wrong in ("33010", "../../", "targets", "3301000"):
        with pytest.raises(PlanRefused):
            authority.add_region(kept.folder, wrong, documents=None, key=None, making=MAKING)
    with pytest.raises(PlanRefused):
        authority.remove_region(kept.folder, "999999")
    with pytest.raises(PlanRefused):
        authority.exchange_online_key(kept.folder, "330100", making=MAKING, at=NOW)
    with pytest.raises(PlanRefused):
        authority.initialise(kept.folder, root_keys=(), threshold=2, days={}, making=MAKING, at=NOW)
    assert not list((tmp_path / "repository" / "keys").glob("33010-*"))
