"""From a signed release to a version that runs, and every reason why it does not come to that."""

from dataclasses import replace
from pathlib import Path

import pytest

from protocol.unixtime import DAY, HOUR, MINUTE, UnixTime
from revocation.repository.releases import Offer
from tests.revocation.repository.simulator import NOW
from tests.updates.making import CLOSED, NOTES, Machine, Publisher
from verifier_terminal.errors import OutOfOrder
from verifier_terminal.faces import service
from verifier_terminal.faces.service import ServiceNotice
from verifier_terminal.store import schema
from verifier_terminal.sync.mirror import FolderMirror
from verifier_terminal.updates import launching, standing
from verifier_terminal.updates.errors import (
    ArchiveRefused,
    InstallFailed,
    NothingBefore,
    NothingReady,
    NotNow,
    NoWayBack,
    ReleaseDamaged,
    ReleasesLate,
    SelfTestFailed,
    SettingsUnusable,
)
from verifier_terminal.updates.states import State
from verifier_terminal.updates.working import MARGIN, QUIET, SETTINGS


def opens(machine: Machine, spans: str) -> None:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    (machine.directory / SETTINGS).write_text("[open]\n" + "\n".join(f"{day} = {spans}" for day in days))


def used(machine: Machine, at: int) -> None:
    with machine.store.writing():
        machine.store.journal.append({"event": "verdict", "at": at}, at=UnixTime(at))


def test_from_the_repository_to_a_version_that_runs(machine: Machine, publisher: Publisher) -> None:
    assert machine.fetch() is None
    publisher.release("0.2.0")
    ready = machine.fetch()
    assert ready is not None
    assert (str(ready.version), ready.state, ready.notes) == ("0.2.0", State.READY, NOTES)
    assert machine.start() is None
    applied = machine.apply()
    assert applied.state is State.APPLIED
    assert machine.start() == "0.2.0"
    assert machine.fetch() is None
    assert machine.steps() == [f"0.2.0 {step}" for step in ("offered", "downloaded", "ready", "applied")]
    assert not machine.store.verify_chain().findings
    assert machine.installer.forgot == {"0.2.0", None}


def test_a_second_look_does_nothing_twice(machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.2.0")
    assert machine.fetch() == machine.fetch(at=UnixTime(NOW + 60))
    assert machine.steps() == [f"0.2.0 {step}" for step in ("offered", "downloaded", "ready")]


def test_only_who_is_offered_it(tmp_path: Path, publisher: Publisher) -> None:
    publisher.release("0.2.0", offer=Offer(0, terminals=("t2",)))
    for terminal, state in (("t1", None), ("t2", State.READY)):
        machine = Machine(tmp_path / terminal, publisher, terminal=terminal)
        found = machine.fetch()
        assert (None if found is None else found.state) is state
        machine.store.close()


def test_without_a_network_what_is_here_goes_on(machine: Machine, publisher: Publisher, tmp_path: Path) -> None:
    publisher.release("0.2.0")
    nowhere = FolderMirror(tmp_path / "nowhere")
    with pytest.raises(ReleasesLate):
        machine.fetch(mirror=nowhere)
    machine.repository.refresh(machine.mirror, at=NOW)
    with pytest.raises(Exception, match="cannot be reached"):
        machine.fetch(mirror=nowhere)
    assert [each.state for each in machine.updates().rows()] == [State.OFFERED]
    machine.fetch()
    assert machine.fetch(mirror=nowhere) is not None
    assert machine.apply().state is State.APPLIED


def test_what_is_held_is_too_old(machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.2.0")
    machine.repository.refresh(machine.mirror, at=NOW)
    with pytest.raises(ReleasesLate):
        machine.fetch(at=UnixTime(NOW + 91 * DAY))


def test_withdrawn_before_it_was_applied(machine: Machine, publisher: Publisher) -> None:
    release = publisher.release("0.2.0")
    machine.fetch()
    publisher.withdraw(release)
    assert machine.fetch() is None
    with pytest.raises(NothingReady):
        machine.apply()
    assert machine.steps()[-1] == "0.2.0 withdrawn"


def test_withdrawn_after_it_was_applied_is_a_finding_and_leads_back(machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.1.5")
    machine.fetch()
    machine.apply()
    machine.start()
    release = publisher.release("0.2.0")
    machine.fetch()
    machine.apply()
    machine.start()
    assert machine.running == "0.2.0"
    publisher.withdraw(release, "it forgets")
    back = machine.fetch()
    assert back is not None
    assert (str(back.version), back.state) == ("0.1.5", State.READY)
    found = standing.of(machine.directory, release.version, at=NOW)
    assert found.withdrawn == "it forgets"
    assert "WITHDRAWN" in standing.in_words(found)
    machine.apply()
    assert machine.start() == "0.1.5"
    assert machine.fetch() is None


def test_an_older_version_is_not_taken_however_it_is_listed(machine: Machine, publisher: Publisher) -> None:
    machine.running = "0.3.0"
    publisher.release("0.2.0")
    assert machine.fetch() is None
    assert machine.steps() == []


def test_a_better_one_takes_the_place_of_one_that_waits(machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.2.0")
    machine.fetch()
    publisher.release("0.2.1")
    found = machine.fetch()
    assert found is not None
    assert str(found.version) == "0.2.1"
    assert [str(each.version) for each in machine.updates().rows()] == ["0.2.1"]


def test_a_self_test_that_fails_leaves_the_version_that_runs(machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.2.0")
    machine.installer.fails = "no camera library"
    with pytest.raises(SelfTestFailed):
        machine.fetch()
    assert machine.fetch() is None
    with pytest.raises(NothingReady):
        machine.apply()
    assert machine.start() is None
    (row,) = machine.updates().rows()
    assert (row.state, row.detail) == (State.ROLLED_BACK, "no camera library")
    found = standing.of(machine.directory, machine.updates()._places.running, at=NOW)
    assert found.given_up == "0.2.0"
    publisher.release("0.2.1")
    machine.installer.fails = None
    assert machine.fetch() is not None


def test_a_signed_archive_that_holds_something_else(machine: Machine, publisher: Publisher, tmp_path: Path) -> None:
    (tmp_path / "odd.tar").write_bytes(b"x" * 20_480)
    publisher.release("0.2.0", packed=tmp_path / "odd.tar")
    with pytest.raises(ArchiveRefused):
        machine.fetch()
    assert machine.fetch() is None


def test_the_disk_changes_the_archive_after_it_was_checked(machine: Machine, publisher: Publisher) -> None:
    release = publisher.release("0.2.0")

    class Changing(type(machine.installer)):  # type: ignore[misc]  # the stand of the tests
        def install(self, *_: object) -> None:
            raise InstallFailed("full")

    machine.installer = Changing()
    with pytest.raises(InstallFailed):
        machine.fetch()
    (path,) = (machine.program / "downloads").iterdir()
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    machine.installer = type(machine.installer).__mro__[1]()
    with pytest.raises(ReleaseDamaged):
        machine.fetch()
    assert machine.fetch() is not None
    assert release.path in {each.path for each in machine.repository.held(at=NOW).releases()}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("spans", "at", "words"),
    [
        ('["00:00-24:00"]', CLOSED, "it is open"),
        ('["02:00-04:00"]', CLOSED, "it is open"),
        ('["03:20-04:00"]', CLOSED, "opens in a moment"),
        ('["22:00-03:30"]', CLOSED, "it is open"),
    ],
)
def test_nothing_is_applied_while_the_place_is_open(
    spans: str, at: UnixTime, words: str, machine: Machine, publisher: Publisher
) -> None:
    publisher.release("0.2.0", ask_after=UnixTime(1))
    machine.fetch()
    opens(machine, spans)
    with pytest.raises(NotNow, match=words):
        machine.apply(at=at)
    assert machine.start() is None


def test_half_an_hour_before_opening_is_early_enough(machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.2.0")
    machine.fetch()
    opens(machine, '["03:30-17:00"]')
    with pytest.raises(NotNow):
        machine.apply(at=UnixTime(CLOSED + 1))
    assert MARGIN == 30 * MINUTE
    assert machine.apply(at=CLOSED).state is State.APPLIED


def test_a_terminal_that_was_used_a_moment_ago_is_left_alone(machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.2.0")
    machine.fetch()
    used(machine, CLOSED - QUIET + 1)
    with pytest.raises(NotNow, match="in use"):
        machine.apply()
    assert machine.apply(at=UnixTime(CLOSED + 1)).state is State.APPLIED


def test_without_opening_hours_only_out_of_service_is_closed(machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.2.0")
    machine.fetch()
    (machine.directory / SETTINGS).unlink()
    with pytest.raises(NotNow, match="no opening hours"):
        machine.apply()
    service.take_out(machine.directory, ServiceNotice("软件更新", CLOSED, "staff"))
    assert machine.apply().state is State.APPLIED


def test_a_clock_that_cannot_be_right_says_nothing_about_closing(machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.2.0")
    machine.fetch()
    with pytest.raises(NotNow, match="clock"):
        machine.apply(clock_plausible=False)


def test_hours_that_cannot_be_read_are_not_closed(machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.2.0")
    machine.fetch()
    (machine.directory / SETTINGS).write_text("[open")
    with pytest.raises(SettingsUnusable):
        machine.apply()


def test_postponed_and_asked_for(machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.2.0", ask_after=UnixTime(CLOSED + HOUR))
    with pytest.raises(NothingReady):
        machine.updates().postpone(UnixTime(NOW + HOUR), at=NOW, by="tests")
    machine.fetch()
    with pytest.raises(NotNow, match="7 days"):
        machine.updates().postpone(UnixTime(CLOSED + 8 * DAY), at=CLOSED, by="tests")
    machine.updates().postpone(UnixTime(CLOSED + 2 * HOUR), at=CLOSED, by="tests")
    with pytest.raises(NotNow, match="postponed"):
        machine.apply(at=UnixTime(CLOSED + HOUR))
    running = machine.updates()._places.running
    assert not standing.of(machine.directory, running, at=CLOSED).asks
    found = standing.of(machine.directory, running, at=UnixTime(CLOSED + HOUR))
    assert found.asks
    assert "please let it be applied" in standing.in_words(found)
    assert machine.apply(at=UnixTime(CLOSED + 2 * HOUR)).state is State.APPLIED


def test_a_new_day_to_ask_on_reaches_a_version_that_waits(machine: Machine, publisher: Publisher) -> None:
    from revocation.repository import releasing

    release = publisher.release("0.2.0")
    machine.fetch()
    releasing.stage(publisher.kept.folder, release.path, release.offer, ask_after=UnixTime(NOW + DAY))
    publisher.kept.publish()
    found = machine.fetch()
    assert found is not None
    assert (found.state, found.ask_after) == (State.READY, NOW + DAY)


def test_a_version_that_never_comes_up_gives_way_to_the_one_before(machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.1.5")
    machine.fetch()
    machine.apply()
    machine.start()
    publisher.release("0.2.0")
    machine.fetch()
    machine.apply()
    assert [machine.start(healthy=False) for _ in range(launching.TRIES)] == ["0.2.0"] * launching.TRIES
    assert machine.start() == "0.1.5"
    found = standing.of(machine.directory, machine.updates()._places.running, at=NOW)
    assert (found.given_up, found.why) == ("0.2.0", "it did not come up in 3 starts")
    assert machine.fetch() is None
    assert machine.steps()[-1] == "0.2.0 rolled_back"
    current = launching.current(machine.program)
    assert current is not None
    assert current.version == "0.1.5"
    assert machine.start() == "0.1.5"
    assert machine.fetch() is None


def test_the_first_version_that_never_comes_up_gives_way_to_the_one_set_up_by_hand(
    machine: Machine, publisher: Publisher
) -> None:
    publisher.release("0.2.0")
    machine.fetch()
    machine.apply()
    for _ in range(launching.TRIES):
        machine.start(healthy=False)
    assert machine.start() is None
    machine.fetch()
    assert launching.current(machine.program) is None


def test_a_version_that_came_up_once_is_not_left_for_a_bad_start(machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.2.0")
    machine.fetch()
    machine.apply()
    machine.start()
    assert [machine.start(healthy=False) for _ in range(5)] == ["0.2.0"] * 5


def test_rolled_back_by_hand(machine: Machine, publisher: Publisher) -> None:
    with pytest.raises(NothingBefore):
        machine.updates().roll_back("slow", at=NOW, by="tests")
    publisher.release("0.2.0")
    machine.fetch()
    machine.apply()
    machine.start()
    machine.updates().roll_back("slow", at=NOW, by="tests")
    assert machine.start() is None
    assert machine.fetch() is None
    with pytest.raises(NothingBefore):
        machine.updates().roll_back("slow", at=NOW, by="tests")


def test_no_way_back_needs_somebody_who_says_so(machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.2.0", schema=schema.VERSION + 1, usable_from=schema.VERSION + 1)
    machine.fetch()
    with pytest.raises(NoWayBack):
        machine.apply()
    machine.apply(no_way_back=True)
    assert [machine.start(healthy=False) for _ in range(5)] == ["0.2.0"] * 5
    with pytest.raises(NoWayBack):
        machine.updates().roll_back("slow", at=NOW, by="tests")


def test_a_switch_that_cannot_be_written_changes_nothing(
    machine: Machine, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.release("0.2.0")
    machine.fetch()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(launching, "switch", full)
        with pytest.raises(InstallFailed, match="No space left"):
            machine.apply()
    assert machine.start() is None
    assert machine.apply().state is State.APPLIED


def test_a_crash_between_the_switch_and_its_row(
    machine: Machine, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.release("0.2.0")
    machine.fetch()
    updates = machine.updates()
    with monkeypatch.context() as patched:

        def crash(*_: object, **__: object) -> None:
            raise OutOfOrder("killed")

        patched.setattr(updates._rows, "record", crash)
        with pytest.raises(OutOfOrder):
            updates.apply(at=CLOSED, clock_plausible=True, by="tests")
    assert machine.start() == "0.2.0"
    machine.fetch()
    assert machine.steps()[-1] == "0.2.0 applied"


def test_what_was_installed_and_lost_is_fetched_again(machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.2.0")
    machine.fetch()
    (machine.program / "releases/0.2.0/complete").unlink()
    with pytest.raises(NothingReady):
        machine.apply()
    assert machine.fetch() is not None
    assert machine.apply().state is State.APPLIED


def test_a_database_that_only_grew_can_be_used_by_the_version_before(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from verifier_terminal.errors import StoreDamaged

    machine.store.database.execute(f"PRAGMA user_version = {schema.VERSION + 5}")
    path = machine.directory / "terminal.db"
    schema.open_database(path).close()
    machine.store.database.execute(f"PRAGMA application_id = {schema.VERSION + 1}")
    with pytest.raises(StoreDamaged, match="newer version"):
        schema.open_database(path)


def test_replacing_a_field_of_progress_keeps_steps_honest(machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.2.0")
    ready = machine.fetch()
    assert ready is not None
    with pytest.raises(AssertionError):
        replace(ready, state=State.ROLLED_BACK).moved(State.READY, at=NOW)
