"""Releases in a repository: a role and keys of their own, stages that only grow, and what others sign."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, Targets
from tuf.ngclient import Updater

from liangzheng import trust_arguments, trust_cli
from liangzheng.cli import main
from protocol import published_names
from protocol.unixtime import DAY, UnixTime
from revocation import bundling
from revocation.repository import authority, delegations, key_files, loader, metadata, release_targets, releasing
from revocation.repository.authority import Making
from revocation.repository.errors import MalformedMetadata, PlanRefused, TooFewSignatures, WrongBytes
from revocation.repository.loader import TrustMetadata
from revocation.repository.releases import Offer, Release, Version
from tests.revocation.repository.keepers import CHEAP, MAKING, PASSPHRASE, Kept
from tests.revocation.repository.simulator import NOW
from tests.updates.making import wheel

GOOD = Release(
    Version(0, 2, 0),
    "cpython_311_linux_x86_64",
    11,
    sha256(b"the archive").digest(),
    Version(0, 1, 0),
    12,
    12,
    {"zh-Hans": "修复", "zh-Hant": "修復", "en": "repairs"},
    Offer(10),
)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "repository", regions=("330000",))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.tar"
    path.write_bytes(b"the archive")
    return path


def add(kept: Kept, archive: Path, release: Release = GOOD) -> None:
    releasing.add(kept.folder, archive, release, key=None, making=MAKING)
    kept.publish()


def seen(kept: Kept, folder: Path, *, at: UnixTime = NOW) -> TrustMetadata:
    """As a terminal sees it."""
    first = (kept.files / "metadata/1.root.json").read_bytes()
    loader.initialise(folder, first, expected_sha256=sha256(first).hexdigest())
    return loader.refresh(folder, kept.fetch, at=at).metadata


def test_a_release_is_signed_by_its_own_role_and_is_no_region(kept: Kept, archive: Path, tmp_path: Path) -> None:
    add(kept, archive)
    found = seen(kept, tmp_path / "terminal")
    assert found.releases() == (GOOD,)
    assert found.regions == ("330000",)
    assert (kept.files / GOOD.file).read_bytes() == b"the archive"
    assert found.releases_late_since(at=NOW) is None
    assert found.releases_late_since(at=UnixTime(NOW + 90 * DAY)) == NOW + 90 * DAY
    (role,) = (each for each in authority.status(kept.folder).roles if each.role == "releases")
    assert role.keys == ("releases-1.key",)
    assert kept.publish().changed == ()


def test_a_repository_that_releases_nothing_has_none(kept: Kept, tmp_path: Path) -> None:
    found = seen(kept, tmp_path / "terminal")
    assert (found.releases(), found.releases_late_since(at=UnixTime(NOW + DAY * 400))) == ((), None)


def test_python_tufs_own_client_finds_the_same_archive(kept: Kept, archive: Path, tmp_path: Path) -> None:
    add(kept, archive)

    class Fetcher:
        def download_bytes(self, url: str, max_length: int) -> bytes:
            from tuf.api.exceptions import DownloadHTTPError

            content = kept.fetch(url.removeprefix("x://"), max_length)
            if content is None:
                raise DownloadHTTPError("none", 404)
            return content

    first = (kept.files / "metadata/1.root.json").read_bytes()
    updater = Updater(str(tmp_path / "c"), "x://metadata/", fetcher=Fetcher(), bootstrap=first)  # type: ignore[arg-type]  # what it uses
    updater._trusted_set.reference_time = datetime.fromtimestamp(NOW, UTC)
    target = updater.get_targetinfo(GOOD.path)
    assert target is not None
    assert release_targets.from_target(GOOD.path, target) == GOOD


def test_a_stick_carries_what_is_said_of_software_and_not_the_software(
    kept: Kept, archive: Path, tmp_path: Path
) -> None:
    """Or a terminal that lives by sticks could take no state in any more."""
    add(kept, archive)
    entries = bundling.of_repository(kept.fetch, regions=())
    assert all(published_names.published(name) is not None for name in entries)
    first = entries["metadata/1.root.json"]
    loader.initialise(tmp_path / "t", first, expected_sha256=sha256(first).hexdigest())
    found = loader.refresh(tmp_path / "t", lambda name, _: entries.get(name), at=NOW).metadata
    assert (found.releases(), found.regions) == ((GOOD,), ("330000",))


def test_staging_and_withdrawing(kept: Kept, archive: Path, tmp_path: Path) -> None:
    add(kept, archive)
    offer = Offer(50, ("t1",))
    releasing.stage(kept.folder, GOOD.path, offer, ask_after=UnixTime(NOW + DAY))
    assert kept.publish().changed == ("releases", "snapshot", "timestamp")
    staged = replace(GOOD, offer=offer, ask_after=UnixTime(NOW + DAY))
    assert seen(kept, tmp_path / "terminal").releases() == (staged,)
    releasing.withdraw(kept.folder, GOOD.path, "it forgets")
    kept.publish()
    assert seen(kept, tmp_path / "terminal").releases() == (replace(staged, withdrawn="it forgets"),)
    with pytest.raises(PlanRefused, match="is withdrawn"):
        releasing.stage(kept.folder, GOOD.path, Offer(100, ("t1",)), ask_after=None)


@pytest.mark.parametrize(
    "offer",
    [Offer(9, ("t1",), ("330000",)), Offer(10, (), ("330000",)), Offer(10, ("t1",), ("340000",))],
    ids=str,
)
def test_a_stage_that_takes_terminals_out_is_refused(offer: Offer, kept: Kept, archive: Path) -> None:
    add(kept, archive, replace(GOOD, offer=Offer(10, ("t1",), ("330000",))))
    with pytest.raises(PlanRefused, match="only grows"):
        releasing.stage(kept.folder, GOOD.path, offer, ask_after=None)


def test_a_share_of_everybody_is_not_narrowed_to_a_region(kept: Kept, archive: Path) -> None:
    add(kept, archive)
    with pytest.raises(PlanRefused, match="only grows"):
        releasing.stage(kept.folder, GOOD.path, Offer(100, (), ("330000",)), ask_after=None)


@pytest.mark.parametrize("version", [Version(0, 2, 0), Version(0, 1, 9)], ids=str)
def test_only_newer_versions_are_added(version: Version, kept: Kept, archive: Path) -> None:
    add(kept, archive)
    with pytest.raises(PlanRefused, match="not newer"):
        add(kept, archive, replace(GOOD, version=version))
    add(kept, archive, replace(GOOD, version=version, platform="another"))


def test_another_key_counts_and_the_old_one_no_more(kept: Kept, archive: Path, tmp_path: Path) -> None:
    add(kept, archive)
    releasing.exchange_key(kept.folder, key=None, making=MAKING)
    assert "targets" in kept.publish().changed
    assert seen(kept, tmp_path / "terminal").releases() == (GOOD,)
    elsewhere = key_files.make(tmp_path / "elsewhere.key", PASSPHRASE, random_bytes=MAKING.random_bytes, strength=CHEAP)
    releasing.exchange_key(kept.folder, key=elsewhere, making=MAKING)
    assert kept.publish().waiting == {"releases": "its key has to sign the file in the pending folder"}
    # Nothing that the old key signed is offered meanwhile; regions go on.
    found = seen(kept, tmp_path / "terminal")
    assert (found.releases(), found.regions) == ((), ("330000",))
    (pending,) = (kept.folder / "pending").glob("*.releases.json")
    signed = CliRunner().invoke(
        main,
        ["trust", "sign", str(pending), "--key", str(tmp_path / "elsewhere.key"), "--yes"],
        env={"LIANGZHENG_TRUST_PASSPHRASE": PASSPHRASE},
    )
    assert signed.exit_code == 0, signed.output
    assert '"percent": 10' in signed.output
    assert kept.publish().waiting == {}
    assert seen(kept, tmp_path / "terminal").releases() == (GOOD,)


def signer(kept: Kept, name: str) -> CryptoSigner:
    return key_files.signer_of(kept.folder / "keys" / f"{name}.key", PASSPHRASE)


def test_a_regions_key_in_the_place_of_the_releases_key(kept: Kept, archive: Path, tmp_path: Path) -> None:
    add(kept, archive)
    (path,) = (kept.files / "metadata").glob("*.releases.json")
    forged = Metadata[Targets].from_bytes(path.read_bytes())
    forged.sign(signer(kept, "330000-1"), append=False)

    def fetch(name: str, max_bytes: int) -> bytes | None:
        return forged.to_bytes() if name.endswith("releases.json") else kept.fetch(name, max_bytes)

    first = (kept.files / "metadata/1.root.json").read_bytes()
    loader.initialise(tmp_path / "t", first, expected_sha256=sha256(first).hexdigest())
    # The hash stands before the signature; whoever has the snapshot's key too is stopped by the signature.
    with pytest.raises(WrongBytes):
        loader.refresh(tmp_path / "t", fetch, at=NOW)
    delegator = Metadata[Targets].from_bytes(max((kept.files / "metadata").glob("*.targets.json")).read_bytes())
    with pytest.raises(TooFewSignatures):
        metadata.check_signed(delegator.signed, "releases", metadata.parse(forged.to_bytes(), Targets))


@pytest.mark.parametrize("paths", [["releases/*"], ["*/*"], ["????????/*"]], ids=str)
def test_a_region_that_delegates_software_reaches_nobody(paths: list[str]) -> None:
    roles = {"targets": Targets(), "330000": Targets()}
    roles["targets"].delegations = Delegations(
        {}, {"330000": DelegatedRole("330000", ["k"], 1, True, paths=["33????/*"])}
    )
    roles["330000"].delegations = Delegations({}, {"releases": DelegatedRole("releases", ["k"], 1, True, paths=paths)})
    assert delegations.first_step_beyond(roles, GOOD.path) is None
    assert list(delegations.named_regions(roles["330000"])) == []


@pytest.mark.parametrize(
    ("terminating", "paths"),
    [(False, ["releases/*"]), (True, ["releases/*", "330000/*"]), (True, ["*/*"]), (True, ["330000/*"])],
)
def test_a_role_of_releases_in_another_form_is_not_followed(terminating: bool, paths: list[str]) -> None:
    roles = {"targets": Targets()}
    roles["targets"].delegations = Delegations(
        {}, {"releases": DelegatedRole("releases", ["k"], 1, terminating, paths=paths)}
    )
    assert delegations.first_step_beyond(roles, GOOD.path) is None
    assert delegations.first_step_beyond(roles, "330000/trust.cbor") is None


def with_custom(**changes: Any) -> Any:
    target = release_targets.to_target(GOOD)
    custom = {**target.custom, **changes}  # type: ignore[dict-item]  # it is a dict
    target.unrecognized_fields["custom"] = {name: value for name, value in custom.items() if value is not ...}
    return target


def test_entries_of_a_later_version_are_left_alone() -> None:
    assert release_targets.from_target(GOOD.path, with_custom(colour="teal")) == GOOD


@pytest.mark.parametrize(
    "changes",
    [
        {"from": "1.0"},
        {"from": 1},
        {"from": ...},
        {"schema": -1},
        {"schema": True},
        {"schema": 11},
        {"usable_from": "12"},
        {"notes": {"en": "x"}},
        {"notes": {"zh-Hans": "x", "zh-Hant": "x", "en": "a\u202eb"}},
        {"offered": {"percent": 101, "terminals": [], "regions": []}},
        {"offered": {"percent": 1.5, "terminals": [], "regions": []}},
        {"offered": {"percent": 1, "terminals": "t1", "regions": []}},
        {"offered": {"percent": 1, "terminals": [], "regions": ["33"]}},
        {"offered": {"percent": 1, "terminals": ["a b"], "regions": []}},
        {"offered": None},
        {"ask_after": "now"},
        {"withdrawn": ""},
    ],
    ids=str,
)
def test_what_is_no_release(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedMetadata):
        release_targets.from_target(GOOD.path, with_custom(**changes))


@pytest.mark.parametrize(
    "path",
    [
        "releases/liangzheng-0.2-x.tar",
        "releases/liangzheng-00.2.0-x.tar",
        "releases/other-0.2.0-x.tar",
        "releases/../x",
    ],
)
def test_a_path_that_is_no_releases(path: str) -> None:
    with pytest.raises(MalformedMetadata):
        release_targets.from_target(path, release_targets.to_target(GOOD))


# The commands.


@pytest.fixture
def cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (trust_cli, trust_arguments):
        monkeypatch.setattr(module, "making", lambda ask: Making(ask, MAKING.random_bytes, CHEAP))
    monkeypatch.setenv("LIANGZHENG_TRUST_PASSPHRASE", PASSPHRASE)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["trust", *map(str, arguments)])


@pytest.mark.usefixtures("cheap_keys")
def test_the_commands_from_wheels_to_a_withdrawal(kept: Kept, tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", "0.2.0")
    notes = tmp_path / "notes.toml"
    notes.write_text('zh-Hans = "修复"\nzh-Hant = "修復"\nen = "repairs"\n', "utf-8")
    added = run("release", "add", kept.folder, tmp_path / "wheels", "--notes", notes)
    assert added.exit_code == 0, added.output
    assert "releases" in added.output
    staged = run(
        "release", "stage", kept.folder, "0.2.0", "--percent", 25, "--terminal", "t1", "--ask-after", "2026-12-24"
    )
    assert staged.exit_code == 0, staged.output
    (listed,) = json.loads(run("release", "list", kept.folder, "--json").stdout)
    assert (listed["version"], listed["percent"], listed["terminals"], listed["regions"]) == ("0.2.0", 25, ["t1"], [])
    assert "25 % and 1 by name, asked for from 2026-12-24 00:00:00 on" in run("release", "list", kept.folder).stdout
    shrunk = run("release", "stage", kept.folder, "0.2.0", "--percent", 5)
    assert shrunk.exit_code == 1
    assert "only grows" in shrunk.stderr
    assert run("release", "withdraw", kept.folder, "0.2.0", "--reason", "it forgets").exit_code == 0
    assert "WITHDRAWN: it forgets" in run("release", "list", kept.folder).stdout
    assert run("rotate", kept.folder, "releases").exit_code == 0
    assert "releases-2.key" in run("status", kept.folder).stdout


@pytest.mark.usefixtures("cheap_keys")
def test_the_commands_say_what_is_wrong(kept: Kept, tmp_path: Path) -> None:
    notes = tmp_path / "notes.toml"
    notes.write_text('en = "repairs"\n')
    empty = run("release", "add", kept.folder, tmp_path / "none", "--notes", notes)
    assert empty.exit_code == 1
    assert "no wheel of liangzheng" in empty.stderr
    wheel(tmp_path / "wheels", "0.2.0")
    assert "zh-Hans" in run("release", "add", kept.folder, tmp_path / "wheels", "--notes", notes).stderr
    assert "names 0 releases" in run("release", "stage", kept.folder, "0.2.0", "--percent", 5).stderr
    assert "makes the first one" in run("rotate", kept.folder, "releases").stderr
