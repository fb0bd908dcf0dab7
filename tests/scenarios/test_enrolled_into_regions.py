"""A terminal that is set up by one code out of a repository of several regions, over real web servers."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from issuer import wiring as issuer_wiring
from issuer.application import Issuer
from issuer.enrolment.inviting import Place
from issuer.terminals.certifying import Wish
from protocol import enrolment
from protocol.enrolment import Invitation, RepositoryPlace
from protocol.labels import Purpose
from protocol.unixtime import HOUR, Seconds, UnixTime
from tests.issuer import builders
from tests.issuer.builders import AT
from tests.terminal.serving import answers, serving
from tests.utopia.repository import Repository
from verifier_terminal import enrolling
from verifier_terminal import wiring as terminal_wiring
from verifier_terminal.errors import RootMismatch, TerminalError

HOME, ELSEWHERE = "310000", "330000"


@dataclass
class Regions:
    """The authority at home with its web service, and the repository that has another region too."""

    issuer: Issuer
    url: str
    repository: Repository
    repository_url: str

    def code(self) -> Invitation:
        wish = Wish("hall-3-07", "一楼3号", "幻境市政务服务中心", frozenset({Purpose.KIOSK}), frozenset({"id-card"}), 7)
        first = bytes.fromhex(self.repository.root_sha256)
        place = Place(Purpose.KIOSK, "", RepositoryPlace(self.repository_url, first, HOME))
        text = self.issuer.enrolments.invite(
            wish, place, url=self.url, replace=False, life=Seconds(HOUR), actor="test", at=AT
        )
        return enrolment.decode(text)


@pytest.fixture
def regions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Regions]:
    monkeypatch.setattr(terminal_wiring, "now", lambda: UnixTime(AT))
    repository = Repository(tmp_path / "repository", (HOME, ELSEWHERE), at=AT)

    def published(handler: BaseHTTPRequestHandler) -> None:
        path = repository.folder / handler.path.removeprefix("/feed/")
        answers(200, path.read_bytes())(handler) if path.is_file() else answers(404, b"")(handler)

    with (
        builders.made(tmp_path / "home") as issuer,
        Issuer.init(
            tmp_path / "there", region=ELSEWHERE, authority="GA", passphrase=None,
            random_bytes=builders.randomness(5), at=AT,
        ) as other,
        issuer_wiring.serving(issuer, port=0, clock=lambda: UnixTime(AT)) as service,
        serving(published) as repository_url,
    ):  # fmt: skip
        threading.Thread(target=service.run, daemon=True).start()
        issuer.recognition.add(
            ELSEWHERE, kinds=frozenset({"id-card"}), purposes=frozenset({Purpose.KIOSK}), actor="test", at=AT
        )
        for each in (issuer, other):
            target = repository.region_folder(each.profile.region)
            shutil.copytree(each.places.published, target, dirs_exist_ok=True)
        repository.publish()
        yield Regions(issuer, service.url, repository, repository_url)


def test_one_code_sets_a_terminal_of_several_regions_up(regions: Regions, tmp_path: Path) -> None:
    folder, code = tmp_path / "kiosk", regions.code()
    settings, report = enrolling.enrol(folder, code)
    assert not report.refused, report.refused
    assert (settings.region, settings.profile, settings.operator) == (HOME, "kiosk", regions.url)
    assert (settings.trust, settings.repository_sha256) == (regions.repository_url, regions.repository.root_sha256)
    with terminal_wiring.open_session(folder) as session:
        status = session.status()
        assert status.certification.trouble is None
        assert {each.region for each in status.regions} == {HOME, ELSEWHERE}


def test_neither_another_first_root_nor_another_regions_root_is_believed(regions: Regions, tmp_path: Path) -> None:
    code, folder = regions.code(), tmp_path / "kiosk"
    assert code.repository is not None
    another_first = replace(code, repository=replace(code.repository, first_root_sha256=bytes(32)))
    another_region = replace(code, repository=replace(code.repository, region=ELSEWHERE))
    unknown = replace(code, repository=replace(code.repository, region="440000"))
    for forged, reason in ((another_first, TerminalError), (another_region, RootMismatch), (unknown, TerminalError)):
        with pytest.raises(reason):
            enrolling.enrol(folder, forged)
        assert not folder.exists() or not list(folder.iterdir())
    # What failed before anything was asked has used no token.
    settings, _ = enrolling.enrol(folder, code)
    assert settings.region == HOME
