"""A kind that did not exist when the terminal was set up: two files, and no code anywhere is changed."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.scenarios.conftest import Counter, run

KIND = """
vct = 65101
slug = "fishing-permit"
names = { zh_hans = "垂钓证", zh_hant = "垂釣證", en = "Fishing permit" }
holder = "natural"
holders = [1, 1]
departments = ["agriculture"]
validity_years = 1
renewal_opens_days = 30
risk = "L"
lifetime_days = 90
reminders = [30, 7, 1]

[[item]]
key = 1
name = "name"
type = "text"
max = 96
required = true
layout = "single"
labels = { zh_hans = "姓名", zh_hant = "姓名", en = "Name" }

[[item]]
key = 3
name = "citizen_id"
type = "citizen-id"
max = 18
required = true
layout = "group:0"
labels = { zh_hans = "公民身份号码", zh_hant = "公民身份號碼", en = "Citizen identity number" }

[[item]]
key = 24
name = "water"
type = "text"
max = 90
required = true
layout = "clear"
labels = { zh_hans = "垂钓水域", zh_hant = "垂釣水域", en = "Waters" }

[[item]]
key = 9
name = "authority"
type = "text"
max = 120
required = true
layout = "clear"
labels = { zh_hans = "发证机关", zh_hant = "發證機關", en = "Issuing authority" }

[[item]]
key = 6
name = "valid_from"
type = "date"
max = 4
required = true
layout = "clear"
labels = { zh_hans = "有效期起", zh_hant = "有效期起", en = "Valid from" }

[[item]]
key = 7
name = "valid_to"
type = "date"
max = 4
required = true
layout = "clear"
labels = { zh_hans = "有效期止", zh_hant = "有效期止", en = "Valid to" }

[view.window]
items = ["name", "water", "valid_to"]
"""
POLICY = """
kind = "fishing-permit"

[row.window]
legal_basis = "《幻境市垂钓管理办法》第三条：垂钓人应当出示垂钓证。"
mandatory = ["name", "water", "valid_to"]
optional = ["citizen_id", "authority", "valid_from"]
masked = ["citizen_id"]
separate_consent = []
challenge_required = false
person_check = false
irreversible = false
show_under_refusal = false
min_assurance = "software"
retention_days = 30
review_path = "持证人可向发证机关申请复核。"
"""
SUBJECT = {
    "name": "测试员乙",
    "citizen_id": "990101194912310028",
    "water": "幻境湖",
    "authority": "幻境市农业农村局",
    "valid_from": "2026-11-01",
    "valid_to": "2099-10-31",
}


def test_two_files_and_the_terminal_that_was_there_before_accepts_it(
    make_counter: Callable[[], Counter], tmp_path: Path
) -> None:
    own = make_counter()
    kind, policy, subject = (tmp_path / name for name in ("fishing.toml", "fishing.policy.toml", "subject.json"))
    kind.write_text(KIND, "utf-8")
    policy.write_text(POLICY, "utf-8")
    subject.write_text(json.dumps(SUBJECT), "utf-8")
    # What it means is said before anything is kept.
    checked = run("issuer", "kind", "check", own.authority, kind, "--policy", policy)
    assert checked.code == 0, checked.err
    for words in ("垂钓证", "the wallet shows   姓名, 垂钓水域, ", "the clerk sees masked 公民身份号码", "agriculture"):
        assert words in checked.out, checked.out
    assert run("issuer", "kind", "show", own.authority, "fishing-permit").code == 1
    added = run("issuer", "kind", "add", own.authority, kind, "--policy", policy, "--yes", "--json")
    assert added.code == 0, added.err
    assert (added.json["origin"], added.json["purposes"]["window"]["has_view"]) == ("added", True)
    # Issued to the phone that is there, shown, and accepted by the terminal that is there.
    key = run("wallet", "key", own.phone).out.strip()
    issued = run(
        "issuer",
        "issue",
        own.authority,
        "--kind",
        "fishing-permit",
        "--subject",
        subject,
        "--holder-key",
        key,
        "--json",
    )
    assert issued.code == 0, issued.err
    assert any("longest term of 1 year" in warning for warning in issued.json["warnings"])
    assert run("wallet", "receive", own.phone, issued.json["package"]).code == 0
    shown = run("wallet", "show", own.phone, "fishing-permit", "--purpose", "window", "--text")
    assert shown.code == 0, shown.err
    unknown = run("terminal", "appraise", own.terminal, "--text", shown.out.strip(), "--json")
    assert unknown.code != 0, "the terminal has not the catalogue yet"
    assert run("terminal", "sync", own.terminal).code == 0
    shown = run("wallet", "show", own.phone, "fishing-permit", "--purpose", "window", "--text")
    read = run("terminal", "appraise", own.terminal, "--text", shown.out.strip(), "--json")
    assert read.code == 0, read.out + read.err
    assert read.json["claims"] == {"name": "测试员乙", "water": "幻境湖", "valid_to": "2099-10-31"}
    # Nobody gets one any more, and those that are there stay.
    assert run("issuer", "kind", "retire", own.authority, "fishing-permit").code == 0
    refused = run(
        "issuer", "issue", own.authority, "--kind", "fishing-permit", "--subject", subject, "--holder-key", key
    )
    assert (refused.code, "no new licences" in refused.err) == (1, True)
    trail = run("issuer", "audit", "list", own.authority, "--json")
    assert [(each["act"], each["id"]) for each in trail.json if each["kind"] == "kind"] == [
        ("retire", "fishing-permit"),
        ("add", "fishing-permit"),
    ]
