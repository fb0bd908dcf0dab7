"""`liangzheng trust …` from the outside: answers for people and machines, exit codes, errors that say what to do."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tuf.api.metadata import Root

from liangzheng import trust_arguments, trust_cli, trust_sample
from liangzheng.cli import main
from revocation.bundle_file import BundleFile
from revocation.repository import errors, key_files, loader, metadata
from revocation.repository.authority import Making
from tests.revocation.published_feed import published_files
from tests.revocation.publisher import Feed
from tests.revocation.repository.keepers import CHEAP, MAKING, PASSPHRASE, Kept, publish_documents
from tests.revocation.repository.simulator import NOW
from tests.utopia.world import WUYOU


@pytest.fixture(autouse=True)
def cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust_cli, "making", lambda ask: Making(ask, MAKING.random_bytes, CHEAP))
    monkeypatch.setenv("LIANGZHENG_TRUST_PASSPHRASE", PASSPHRASE)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "repository", regions=("330000", "330100"))


def run(*arguments: object, keyboard: str | None = None) -> Result:
    return CliRunner().invoke(main, ["trust", *map(str, arguments)], input=keyboard)


def answer(*arguments: object) -> dict:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_from_nothing_to_a_verified_repository(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    made = answer("init", folder, "--days", "timestamp", 2)
    assert made["published"] is True
    documents = publish_documents(tmp_path / "issuer", "330100")
    added = answer("add-region", folder, "330100", "--folder", documents)
    assert added["changed"] == ["330100", "targets", "snapshot", "timestamp"]
    assert added["documents"] == 4
    for where in (folder, folder / "published"):
        verified = answer("verify", where, "--root", made["root_sha256"])
        assert (verified["regions"], verified["documents"], verified["late_since"]) == (["330100"], 4, None)
        assert verified["root_was_pinned"] is True
    status = answer("status", folder)
    assert [role["role"] for role in status["roles"]] == ["root", "timestamp", "snapshot", "targets", "330100"]
    assert status["roles"][0]["keys"] == ["root-1.key", "root-2.key", "root-3.key"]
    assert not any(role["late"] for role in status["roles"])
    said = run("status", folder).output
    assert "3 keys of the root lie in this folder" in said
    assert "ends soon" not in said
    assert "2 of root-1.key, root-2.key, root-3.key" in said
    assert run("publish", folder).stdout == "Nothing to publish: everything stands already.\n"


def test_a_ceremony_by_hand(kept: Kept, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    for path in (kept.folder / "keys").glob("root-*.key"):
        path.rename(stick / path.name)
    said = run("rotate", kept.folder, "timestamp").stdout
    assert "Still wanted: 2 of the root before, 2 of the new one" in said
    pending = kept.folder / "pending" / "2.root.json"
    assert answer("publish", kept.folder)["changed"] == []
    refused = run("sign", pending, "--key", stick / "root-1.key", keyboard="n\n")
    assert refused.exit_code == 1
    assert "nothing was signed" in refused.stderr
    said = run("sign", pending, "--key", stick / "root-1.key", keyboard="y\n").stdout
    assert "timestamp: key" in said
    assert "Still wanted: 1 of the root before, 1 of the new one" in said
    assert answer("status", kept.folder)["ceremony"]["complete"] is False
    assert answer("sign", pending, "--key", stick / "root-3.key", "--yes")["complete"] is True
    assert answer("publish", kept.folder)["changed"] == ["root", "timestamp"]


def test_a_keeper_sees_every_key_even_if_the_root_beside_is_forged(kept: Kept, tmp_path: Path) -> None:
    """The stick was changed on its way: root and the one before it both hold a thief's key, so that nothing changes."""
    run("rotate", kept.folder, "root")
    pending = kept.folder / "pending" / "2.root.json"
    thief = key_files.make(tmp_path / "thief.key", PASSPHRASE, random_bytes=MAKING.random_bytes, strength=CHEAP)
    for path in (pending, kept.folder / "pending" / "before-1.root.json"):
        forged = metadata.parse(path.read_bytes(), Root)
        forged.signed.add_key(thief, "root")
        path.write_bytes(forged.to_bytes())
    said = run("sign", pending, "--key", kept.folder / "keys" / "root-1.key", keyboard="n\n").stdout
    assert "comes" not in said
    assert thief.keyid in said


def test_a_region_sees_what_it_signs(kept: Kept, tmp_path: Path) -> None:
    run("new-key", tmp_path / "new.key")
    changed = run("rotate", kept.folder, "330100", "--in", tmp_path / "new.pub")
    assert "its key has to sign" in changed.stderr
    pending = kept.folder / "pending" / "2.330100.json"
    done = run("sign", pending, "--key", tmp_path / "new.key", keyboard="y\n")
    assert (
        f"330100/trust.cbor: SHA-256 {sha256((kept.documents('330100') / 'trust.cbor').read_bytes()).hexdigest()}"
        in done.stdout
    )
    assert answer("publish", kept.folder)["changed"] == ["330100", "330000", "snapshot", "timestamp"]


def test_keys_are_asked_for_and_never_without_a_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIANGZHENG_TRUST_PASSPHRASE")
    file = tmp_path / "keeper.key"
    assert run("new-key", file).exit_code == 1
    assert not file.exists()
    done = run("new-key", file, keyboard=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    assert done.exit_code == 0
    assert "New passphrase for keeper.key" in done.stderr
    assert PASSPHRASE not in done.output
    (tmp_path / "empty").write_text("\n")
    refused = run("new-key", tmp_path / "b.key", "--passphrase-file", tmp_path / "empty")
    assert (refused.exit_code, "no passphrase on its first line" in refused.stderr) == (1, True)


def test_regions_by_command(kept: Kept) -> None:
    assert answer("revoke-region", kept.folder, "330100")["changed"] == ["330100", "330000", "snapshot", "timestamp"]
    assert answer("rotate", kept.folder, "330000")["changed"] == ["330000", "targets", "snapshot", "timestamp"]
    assert answer("remove-region", kept.folder, "330100")["changed"] == ["330000", "snapshot", "timestamp"]
    assert answer("verify", kept.folder)["regions"] == ["330000"]
    (kept.documents("330000") / "trust.cbor").write_bytes(b"damaged")
    done = run("publish", kept.folder)
    assert done.exit_code == 0
    assert "330000 stays as it was" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("remove-region", "DIR", "999999"), "is no region of this repository"),
        (("add-region", "DIR", "3301", "--folder", "."), "six digits"),
        (("rotate", "DIR", "root", "--out", "root-1"), "which key goes and which one comes"),
        (("init", "DIR"), "holds a repository already"),
        (("status", "NOWHERE"), "holds no repository"),
        (("verify", "NOWHERE"), "cannot be read"),
        (("verify", "DIR", "--root", "0" * 64), "was expected"),
        (("export", "DIR", "--out", "LZ330000.BDL"), "feed.cbor is not there"),
    ],
)
def test_errors_say_what_happened_and_what_to_do(kept: Kept, arguments: tuple[str, ...], says: str) -> None:
    places = {"DIR": str(kept.folder), "NOWHERE": str(kept.folder / "nowhere")}
    done = run(*(places.get(each, each) for each in arguments))
    assert done.exit_code == 1
    assert says in done.stderr
    assert "What to do: " in done.stderr or "cannot be read" in done.stderr
    assert "Traceback" not in done.output


def test_a_document_that_was_exchanged_is_found(kept: Kept) -> None:
    (path,) = (kept.files / "targets" / "330100").glob("*.policy.cbor")
    path.write_bytes(b"policies")
    done = run("verify", kept.folder)
    assert done.exit_code == 1
    assert "is not what was signed" in done.stderr


def test_a_repository_on_a_stick(tmp_path: Path) -> None:
    """What was exported is a mirror: the same loader, and then the region's feed."""
    feed = Feed()
    feed.publish({100: 2})
    documents = tmp_path / "issuer"
    for name, content in published_files(feed).items():
        (documents / name).parent.mkdir(parents=True, exist_ok=True)
        (documents / name).write_bytes(content)
    (documents / "directory.cbor").unlink()  # of the fictional region, and no directory at all
    folder = tmp_path / "repository"
    root = answer("init", folder)["root_sha256"]
    answer("add-region", folder, WUYOU, "--folder", documents)
    stick = tmp_path / "LZ990000.BDL"
    assert answer("export", folder, "--out", stick)["entries"] > 10
    with BundleFile(stick) as bundle:
        first = bundle.entry("metadata/1.root.json")
        assert first is not None
        loader.initialise(tmp_path / "terminal", first, expected_sha256=root)
        found = loader.refresh(tmp_path / "terminal", lambda name, _: bundle.entry(name), at=NOW).metadata
        digest = found.target(f"{WUYOU}/feed.cbor")
        assert digest is not None
        assert bundle.entry(digest.name(f"{WUYOU}/feed.cbor")) == (documents / "feed.cbor").read_bytes()
        assert bundle.entry(f"targets/{WUYOU}/feed/checkpoint.cwt") is not None


def test_the_wrong_passphrase(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANGZHENG_TRUST_PASSPHRASE", "another passphrase")
    publish_documents(kept.documents("330100"), "330100", seq=2)
    done = run("publish", kept.folder)
    assert done.exit_code == 1
    assert "does not open 330100-1.key" in done.stderr


def test_the_samples_regions_are_the_nine_cities_below_four_provinces() -> None:
    assert len(trust_sample.CITIES) == 9
    assert {code[:2] + "0000" for code in trust_sample.CITIES} == set(trust_sample.REGIONS) - set(trust_sample.CITIES)


def test_a_sample_is_a_whole_repository_with_feeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust_sample, "REGIONS", {"310000": "Shanghai", "310117": "Songjiang"})
    folder = tmp_path / "sample"
    made = answer("sample", folder)
    verified = answer("verify", made["published"], "--root", made["root_sha256"])
    assert (verified["regions"], verified["documents"]) == (["310000", "310117"], 12)
    assert answer("export", made["published"], "--out", tmp_path / "LZ310000.BDL")["entries"] > 20
    done = run("sample", folder)
    assert (done.exit_code, "is not empty" in done.stderr) == (1, True)


def test_every_error_of_the_repository_has_its_hint() -> None:
    reasons = [each for each in vars(errors).values() if isinstance(each, type) and not each.__subclasses__()]
    hinted = tuple(kind for kind, _ in trust_arguments.HINTS)
    assert [each for each in reasons if not issubclass(each, hinted)] == []
