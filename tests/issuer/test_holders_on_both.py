"""A person's requests: everything is exported, what is over is erased, and nothing that names nobody is touched."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from issuer.application import Issuer
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.holders.errors import HolderUnknown, NothingErasable
from issuer.lifecycle import LegalChange
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import AT, BUSINESS, DRIVING, ID_CARD, holder_key, made

NUMBER = ID_CARD["citizen_id"]


def filled(issuer: Issuer) -> tuple[str, str]:
    card = issuer.issue("id-card", ID_CARD, holder_key(), at=AT).licence_id
    driving = issuer.issue("driving-licence", DRIVING, holder_key(), at=AT).licence_id
    issuer.papers.issue(driving, days=30, actor="test", at=AT)
    issuer.issue("business-licence", BUSINESS, holder_key(5), at=AT)
    issuer.change(driving, LegalChange.REVOKE, reason="测试", actor="test", at=AT)
    return card, driving


def test_an_export_has_everything_of_one_person_and_nothing_of_another(issuer: Issuer) -> None:
    card, driving = filled(issuer)
    found = issuer.holders.export(NUMBER, actor="3101", at=AT)
    assert {row["id"] for row in found["licence"]} == {card, driving}
    assert (len(found["credential_group"]), len(found["paper"]), len(found["status_event"])) == (3, 1, 2)
    assert {"credential", "licence_number", "audit_act"} <= found.keys()
    assert BUSINESS["uscc"] not in json.dumps(found)
    assert [each.act for each in issuer.audit.listed(search="export-holder")] == ["export-holder"] * 2
    for unknown in ("", "990101194912310029", "中", "\0"):
        with pytest.raises(HolderUnknown):
            issuer.holders.export(unknown, actor="3101", at=AT)


def test_what_is_over_is_erased_and_the_chain_the_lists_and_the_rest_stay(issuer: Issuer) -> None:
    card, driving = filled(issuer)
    anchor, events = issuer.audit.head(), issuer.events(driving)
    late = UnixTime(AT + 200 * DAY)
    for days, at in ((0, AT), (120, late)):
        with pytest.raises(NothingErasable):
            issuer.erasing.erase(NUMBER, after_days=days, actor="3101", reason="本人申请", at=at)
    done = issuer.erasing.erase(NUMBER, after_days=30, actor="3101", reason="本人申请", at=late)
    assert (done.erased, done.kept) == ((driving,), (card,))
    record = issuer.licence(driving)
    assert (record.subject, record.holder_name, record.holder_number) == ({}, "", "")
    assert issuer.licence(card).subject.items() >= ID_CARD.items()
    assert issuer.events(driving) == events
    assert issuer.audit.verify(anchors=[anchor]).position == anchor.position + 1
    assert [row["id"] for row in issuer.holders.export(NUMBER, actor="3101", at=late)["licence"]] == [card]


def test_the_commands(tmp_path: Path) -> None:
    folder, number = tmp_path / "i", tmp_path / "number"
    with made(folder) as issuer:
        filled(issuer)
    number.write_text(NUMBER + "\n")

    def run(*arguments: object) -> Any:
        done = CliRunner().invoke(cli, ["holder", *map(str, arguments), "--json"], env={PASSPHRASE_VARIABLE: ""})
        return json.loads(done.stdout) if done.exit_code == 0 else done.stderr

    out = tmp_path / "out.json"
    said = run("export", folder, "--number-file", number, "--out", out)
    assert (said["rows"]["licence"], len(json.loads(out.read_text())["licence"])) == (2, 2)
    erase = ("erase", folder, "--number-file", number, "--after-days", 0, "--reason", "本人申请")
    assert "has to be kept" in run(*erase)
