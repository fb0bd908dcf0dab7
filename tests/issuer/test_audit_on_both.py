"""The audit trail: complete, linear, and whatever was changed, removed or put in is named. On both databases."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, delete, update

from issuer.application import Issuer
from issuer.audit import reading, sealing, trail
from issuer.audit.errors import AnchorUnreadable, AuditBroken
from issuer.audit.reading import Head
from issuer.audit.schema import audit_act, audit_seal
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.errors import TransitionRefused
from tests.issuer.builders import AT, BUSINESS, DRIVING, ID_CARD, holder_key, made


def words(issuer: Issuer) -> list[tuple[str, str, str]]:
    return [(each.act, each.kind, each.actor) for each in issuer.audit.everything()]


def some_acts(issuer: Issuer, number: int = 5) -> None:
    licence_id = issuer.issue("id-card", ID_CARD, holder_key(), at=AT, actor="3101").licence_id
    for _ in range(number // 2):
        issuer.suspend(licence_id, reason="测试", actor="3102", at=AT)
        issuer.reinstate(licence_id, reason="测试", actor="3103", at=AT)


def test_every_act_on_a_licence_is_in_the_trail_with_its_actor_and_reason(issuer: Issuer) -> None:
    first = issuer.issue("driving-licence", DRIVING, holder_key(), at=AT, actor="3101").licence_id
    issuer.issue_again(first, holder_key(2), at=AT, actor="3102")
    issuer.papers.issue(first, days=30, actor="3103", at=AT)
    issuer.papers.report_lost(first, reason="丢失", actor="3104", at=AT)
    issuer.devices.report_lost(first, holder_key(2).thumbprint.hex(), reason="挂失", actor="3105", at=AT)
    issuer.devices.found(first, holder_key(2).thumbprint.hex(), reason="解挂", actor="3106", at=AT)
    issuer.suspend(first, reason="暂扣", actor="3107", at=AT)
    with pytest.raises(TransitionRefused):
        issuer.suspend(first, reason="暂扣", actor="3199", at=AT)
    issuer.revoke(first, reason="吊销", actor="3108", at=AT)
    assert [(act, actor) for act, _, actor in words(issuer)] == [
        ("issue", "3101"),
        ("issue-again", "3102"),
        ("issue-paper", "3103"),
        ("report-paper-lost", "3104"),
        ("report-device-lost", "3105"),
        ("device-found", "3106"),
        ("issue-again", "3106"),
        ("suspend", "3107"),
        ("revoke", "3108"),
    ]
    newest = issuer.audit.listed(search="revoke")[0]
    assert (newest.kind, newest.id, newest.reason, newest.at) == ("licence", first, "吊销", AT)
    assert {each.position for each in issuer.audit.listed(search=first)} == {1, 2, 4, 5, 6, 7, 8, 9}
    assert issuer.audit.verify().position == 9


def test_the_trail_names_nobody(issuer: Issuer) -> None:
    some_acts(issuer)
    issuer.issue("business-licence", BUSINESS, holder_key(), at=AT)
    written = json.dumps([str(each) for each in issuer.audit.everything()], ensure_ascii=False)
    personal = [str(value) for subject in (ID_CARD, BUSINESS) for value in subject.values() if len(str(value)) > 4]
    assert [value for value in personal if value in written] == []


def test_an_act_that_fails_leaves_nothing_in_the_trail(issuer: Issuer) -> None:
    some_acts(issuer)
    before = issuer.audit.head()

    def failing() -> None:
        with issuer.audit._register.writing() as connection:
            trail.append(connection, "import", "batch", "b1", actor="3101", at=AT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert issuer.audit.head() == before


Forgery = Callable[[Connection], object]


def changed(connection: Connection) -> None:
    connection.execute(update(audit_act).where(audit_act.c.id == 3).values(actor="3199"))


def details_changed(connection: Connection) -> None:
    connection.execute(update(audit_act).where(audit_act.c.id == 3).values(details_sha256=bytes(32)))


def removed(connection: Connection) -> None:
    connection.execute(delete(audit_seal).where(audit_seal.c.act == 3))
    connection.execute(delete(audit_act).where(audit_act.c.id == 3))


def moved(connection: Connection) -> None:
    for old, new in ((3, 90), (4, 3), (90, 4)):
        connection.execute(update(audit_seal).where(audit_seal.c.position == old).values(position=new))


def put_in(connection: Connection) -> None:
    connection.execute(delete(audit_seal).where(audit_seal.c.act == 3))
    connection.execute(update(audit_seal).where(audit_seal.c.act > 3).values(position=audit_seal.c.position + 100))
    connection.execute(update(audit_seal).where(audit_seal.c.act > 3).values(position=audit_seal.c.position - 101))


@pytest.mark.parametrize(
    ("forge", "found"),
    [
        (changed, ["the act at 3 was changed"]),
        (details_changed, ["the act at 3 was changed"]),
        (removed, ["places 3 to 3 are missing"]),
        (moved, ["the act at 3 was changed", "the act at 4 was moved", "the act at 5 was changed"]),
        # The forger closes the gap, so that an act lies there that no place knows; every hash behind it tells, too.
        (put_in, ["the act at 3 was changed", "the act at 4 was changed", "act number 3 was put in"]),
    ],
)
def test_whatever_was_done_to_the_trail_by_hand_is_named(issuer: Issuer, forge: Forgery, found: list[str]) -> None:
    some_acts(issuer)
    anchor = issuer.audit.verify()
    assert anchor.position == 5
    with issuer.audit._register.writing() as connection:
        forge(connection)
    with pytest.raises(AuditBroken) as broken:
        issuer.audit.verify()
    assert list(broken.value.findings) == found


def test_a_new_chain_from_a_forger_s_own_hand_is_found_by_an_anchor_alone(issuer: Issuer) -> None:
    some_acts(issuer)
    anchors = [issuer.audit.head()]
    with issuer.audit._register.writing() as connection:
        connection.execute(delete(audit_seal))
        changed(connection)
    assert issuer.audit.verify().position == 5
    with pytest.raises(AuditBroken, match="at 5 it is not what was noted down"):
        issuer.audit.verify(anchors=anchors)
    with issuer.audit._register.writing() as connection:
        connection.execute(delete(audit_seal).where(audit_seal.c.position > 3))
        connection.execute(delete(audit_act).where(audit_act.c.id > 3))
    with pytest.raises(AuditBroken, match="ends at 3, and was at 5 already"):
        issuer.audit.verify(anchors=anchors)


def test_anchors_of_any_moment_hold_while_the_chain_grows(issuer: Issuer) -> None:
    anchors = [issuer.audit.head()]
    assert anchors == [Head(0, bytes(32))]
    for number in (2, 4):
        some_acts(issuer, number)
        anchors.append(issuer.audit.head())
    assert issuer.audit.verify(anchors=[reading.anchor(str(each)) for each in anchors]) == anchors[-1]


@pytest.mark.parametrize("text", ["", "5", "5:zz", "05:" + 64 * "0", "5:" + 63 * "0", "5:" + 64 * "A"])
def test_an_anchor_in_another_form_is_none(text: str) -> None:
    with pytest.raises(AnchorUnreadable):
        reading.anchor(text)


def test_pages_are_sealed_in_order_by_several_at_once(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_PAGE", 3)
    monkeypatch.setattr(reading, "_PAGE", 4)
    acts = [trail.Act("import", "batch", f"b{number}", "3101", AT) for number in range(40)]
    errors: list[BaseException] = []

    def adding(part: int) -> None:
        try:
            for each in acts[part::4]:
                with issuer.audit._register.adding() as connection:
                    trail.append_all(connection, [each])
                issuer.audit.seal()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=adding, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert issuer.audit.verify().position == 40
    assert {each.id for each in issuer.audit.everything()} == {each.id for each in acts}
    assert [each.position for each in issuer.audit.everything()] == list(range(1, 41))


def test_the_commands(tmp_path: Path) -> None:
    with made(tmp_path / "i") as issuer:
        some_acts(issuer)

    def run(*arguments: object) -> tuple[int, str]:
        done = CliRunner().invoke(cli, ["audit", *map(str, arguments)], env={PASSPHRASE_VARIABLE: ""})
        return done.exit_code, done.output

    folder = tmp_path / "i"
    code, anchor = run("head", folder)
    assert (code, anchor[:2]) == (0, "5:")
    assert run("verify", folder, "--anchor", anchor.strip()) == (
        0,
        f"5 acts, all as they were written. The chain ends with {anchor.strip()}.\n",
    )
    assert run("verify", folder, "--anchor", "7:" + 64 * "0")[0] == 1
    code, listed = run("list", folder, "--search", "suspend", "--json")
    assert [(each["position"], each["actor"]) for each in json.loads(listed)] == [(4, "3102"), (2, "3102")]
    assert run("export", folder, "--out", tmp_path / "trail.jsonl")[0] == 0
    lines = (tmp_path / "trail.jsonl").read_text().splitlines()
    assert [json.loads(line)["act"] for line in lines] == ["issue", *(2 * ["suspend", "reinstate"])]
    assert run("export", folder, "--out", tmp_path / "trail.jsonl")[0] == 1
