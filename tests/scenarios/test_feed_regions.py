"""One terminal and several regions of a repository: each under its root, with its feed, in nobody's way."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from protocol import appraisal_policy, trust_list
from protocol.labels import Alg, Purpose
from protocol.status_list import Status
from protocol.unixtime import DAY
from tests.terminal.publishing import publish
from tests.utopia.feed import Feed
from tests.utopia.repository import Repository
from tests.utopia.world import WUYOU, ZIXU, World
from verifier_terminal.appraisal.appraise import appraise, appraise_bytes
from verifier_terminal.appraisal.verdict import Verdict, VerdictClass
from verifier_terminal.config import TerminalSettings
from verifier_terminal.errors import RepositoryRefused, TerminalError
from verifier_terminal.identity import Identity
from verifier_terminal.session import Session
from verifier_terminal.store.store import Store
from verifier_terminal.sync import repository_mirror
from verifier_terminal.sync.mirror import FolderMirror
from verifier_terminal.trusted_time import TrustedTime
from verifier_terminal.upkeep import SyncReport


@dataclass
class Town:
    """Two regions in one repository, and a terminal in the first."""

    world: World
    repository: Repository
    home: Feed
    other: Feed
    directory: Path
    opened: list[Session]
    elapsed: float = 0.0

    @property
    def session(self) -> Session:
        return self.opened[-1]

    @property
    def mirror(self) -> FolderMirror:
        return FolderMirror(self.repository.folder)

    def open(self) -> Session:
        root = self.world.roots[WUYOU].public_key
        pinned = self.repository.root_sha256
        settings = TerminalSettings("t1", "窗口", "window", WUYOU, "", root.thumbprint.hex(), "", pinned)
        randomness = self.world.randomness.fork(f"terminal {len(self.opened)}")
        session = Session(
            settings,
            root,
            Store(self.directory, terminal_id="t1", random_bytes=randomness),
            identity=Identity(self.directory, random_bytes=randomness),
            appraise=appraise,
            appraise_bytes=appraise_bytes,
            time=TrustedTime(now=self.world.clock, elapsed_seconds=lambda: self.elapsed),
            elapsed_seconds=lambda: self.elapsed,
            random_bytes=randomness,
            repository=self.metadata(),
        )
        self.opened.append(session)
        return session

    def metadata(self) -> repository_mirror.Repository:
        return repository_mirror.Repository(self.directory / "metadata", expected_sha256=self.repository.root_sha256)

    def pass_seconds(self, seconds: int) -> None:
        self.world.clock.advance(seconds)
        self.repository.at += seconds
        self.elapsed += seconds

    def publish(self) -> None:
        for feed in (self.home, self.other):
            feed.publish()
            feed.write_documents()
        self.repository.publish()

    def sync(self) -> SyncReport:
        return self.session.sync(self.mirror)

    def show(self, region: str) -> Verdict:
        self.pass_seconds(5)
        issued = self.world.credential(region=region)
        return self.session.scan(self.world.code(issued), source="scanner").verdict

    def refused(self, report: SyncReport) -> dict[str, type[TerminalError]]:
        return {each.name: type(each.why) for each in report.refused}

    def held(self) -> list[str]:
        return [each.region for each in self.session.status().regions]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    world = World()
    repository = Repository(tmp_path / "repository", (WUYOU, ZIXU), at=world.clock.at)
    rows = [
        replace(world.policy_row(vct, purpose), regions=frozenset({WUYOU, ZIXU}))
        for vct in world.kinds
        for purpose in Purpose
    ]
    publish(world, repository.region_folder(WUYOU), rows=rows)
    home = Feed(world, repository.region_folder(WUYOU))
    other = Feed(world, repository.region_folder(ZIXU), ZIXU)
    (tmp_path / "terminal").mkdir()
    made = Town(world, repository, home, other, tmp_path / "terminal", [])
    home.change({1: 12})
    other.change({1: 12})
    made.publish()
    made.metadata().set_up(made.mirror)
    try:
        report = made.open().sync(made.mirror)
        assert not report.refused, report.refused
        assert {each.region for each in report.polled} == {WUYOU, ZIXU}
        yield made
    finally:
        for session in made.opened:
            session.close()


def test_licences_of_both_regions_are_judged_by_their_own_feeds(town: Town) -> None:
    assert [town.show(region).verdict_class for region in (WUYOU, ZIXU)] == [VerdictClass.ACCEPT] * 2
    town.other.change({4711: Status.REVOKED})
    town.session.poll(ZIXU, town.mirror)
    assert town.show(ZIXU).verdict_class is VerdictClass.REFUSE
    assert town.show(WUYOU).verdict_class is VerdictClass.ACCEPT
    town.open()
    assert town.show(ZIXU).verdict_class is VerdictClass.REFUSE


def test_a_second_round_fetches_no_document_again(town: Town) -> None:
    asked: list[str] = []
    mirror = town.mirror

    class Counting:
        def fetch(self, name: str, *, max_bytes: int) -> bytes:
            asked.append(name)
            return mirror.fetch(name, max_bytes=max_bytes)

    town.session.sync(Counting())
    assert not [name for name in asked if name.endswith(".cbor")]


def test_a_region_signs_for_nobody_else(town: Town) -> None:
    """A thief of the other region's root names a key of the home region's issuer in its trust list."""
    thief = town.world.signer("thief", Alg.ED25519)
    stolen = [replace(each, key=thief.public_key) for each in town.home.trust_anchors() if each.iss.startswith(WUYOU)]
    wide = replace(stolen[0], iss=town.world.iss(ZIXU), status_prefixes=(f"lz:{WUYOU}/",))
    by_pair = trust_list.index((*town.other.trust_anchors(), stolen[0], wide))
    town.other.anchors = tuple(by_pair.values())
    town.other.trust_seq += 1
    town.publish()
    assert not town.sync().refused
    knowledge = town.session.knowledge
    assert knowledge is not None
    assert thief.public_key not in [each.key for each in knowledge.trust.anchors.values()]
    assert town.show(WUYOU).verdict_class is VerdictClass.ACCEPT
    assert town.show(ZIXU).verdict_class is VerdictClass.ACCEPT


def test_a_region_that_is_gone_is_forgotten_at_once_and_the_other_stays(town: Town) -> None:
    town.repository.regions.remove(ZIXU)
    town.repository.publish()
    town.sync()
    assert town.held() == [WUYOU]
    assert town.show(ZIXU).verdict_class is not VerdictClass.ACCEPT
    assert town.show(WUYOU).verdict_class is VerdictClass.ACCEPT
    assert not any(name.startswith(ZIXU) for name in town.session._store.documents.names())
    town.repository.regions.append(ZIXU)
    town.publish()
    town.sync()
    assert town.show(ZIXU).verdict_class is VerdictClass.ACCEPT


def test_a_region_that_nobody_recognises_is_not_held(town: Town) -> None:
    publish(town.world, town.repository.region_folder(WUYOU), seq=2)
    town.home.trust_seq = 2
    rows = [town.world.policy_row(vct, purpose) for vct in town.world.kinds for purpose in Purpose]
    later = replace(town.world.policy(rows), seq=2)
    encoded = appraisal_policy.sign(later, town.world.roots[WUYOU])
    town.home.write("policy.cbor", encoded)
    town.publish()
    town.sync()
    assert town.held() == [WUYOU]


def test_a_root_that_was_replaced_begins_anew_and_leaves_the_other_alone(town: Town) -> None:
    town.other.change({4711: Status.REVOKED})
    town.sync()
    roots = dict(town.world.roots)
    roots[ZIXU] = town.world.signer("root of ZIXU, the next", Alg.ED25519)
    town.world.roots = roots
    town.publish()
    report = town.sync()
    assert not report.refused
    assert {each.region: each.way for each in report.polled}[ZIXU] == "beginning"
    assert {each.region: each.way for each in report.polled}[WUYOU] != "beginning"
    assert town.show(ZIXU).verdict_class is VerdictClass.REFUSE


def test_a_document_that_was_swapped_in_the_mirror_is_refused_and_the_rest_goes_in(town: Town) -> None:
    town.publish()
    folder = town.repository.region_folder(ZIXU)
    for path in folder.glob("*.feed.cbor"):
        path.write_bytes(town.home.read("feed.cbor"))
    town.home.change({4711: Status.REVOKED})
    report = town.sync()
    assert town.refused(report) == {f"{ZIXU}/feed": RepositoryRefused}
    assert town.show(WUYOU).verdict_class is VerdictClass.REFUSE
    assert town.show(ZIXU).verdict_class is VerdictClass.ACCEPT


def test_a_region_without_its_feed_leaves_the_other_alone(town: Town) -> None:
    shutil.rmtree(town.repository.region_folder(ZIXU) / "feed")
    town.home.change({4711: Status.REVOKED})
    report = town.sync()
    assert set(town.refused(report)) == {f"{ZIXU}/feed"}
    assert town.show(WUYOU).verdict_class is VerdictClass.REFUSE
    links = {each.region: each.connectivity.link.value for each in town.session.status().regions}
    assert links[WUYOU] == "online"


def test_late_metadata_are_a_grade_and_the_terminal_goes_on(town: Town) -> None:
    """The repository stands still for two weeks, and the feeds go on."""
    for _ in range(16):
        town.pass_seconds(DAY)
        for feed in (town.home, town.other):
            feed.publish()
        report = town.sync()
        assert not report.refused
    standing = town.session.status().metadata
    assert standing is not None
    assert standing.late_since is not None
    assert town.show(WUYOU).verdict_class is VerdictClass.CHECK
    town.publish()
    town.sync()
    assert town.show(WUYOU).verdict_class is VerdictClass.ACCEPT


def test_a_folder_that_starts_from_another_root_is_neither_used_nor_refreshed(town: Town, tmp_path: Path) -> None:
    """Whoever can write into the terminal's folder, and answer for the mirror, brings in no repository of their own."""
    theirs = Repository(tmp_path / "theirs", (WUYOU, ZIXU), at=town.world.clock.at + DAY)
    shutil.copytree(town.repository.folder / "targets", theirs.folder / "targets")
    theirs.publish()
    mirror, folder = FolderMirror(theirs.folder), town.directory / "metadata"
    shutil.rmtree(folder)
    intruder = repository_mirror.Repository(folder, expected_sha256=theirs.root_sha256)
    intruder.set_up(mirror)
    assert intruder.refresh(mirror, at=town.world.clock.at).regions == (WUYOU, ZIXU)
    with pytest.raises(RepositoryRefused):
        town.metadata().held(at=town.world.clock.at)
    with pytest.raises(RepositoryRefused):
        town.metadata().refresh(mirror, at=town.world.clock.at)
