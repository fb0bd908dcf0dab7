"""Backups: what was written comes back, onto either database; what was changed or cut off does not. On both."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, select

from issuer import config
from issuer.application import Issuer
from issuer.audit.reading import Trail
from issuer.backups import dumping, restoring, sealed_stream
from issuer.backups.errors import BackupDamaged, BackupRefused
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.keys.box import Argon2Profile
from issuer.keys.errors import TokenUnavailable
from issuer.lifecycle import LegalChange
from issuer.mandates.issuing import Wish
from issuer.register import Register
from issuer.register_schema import metadata, status_event
from protocol import keys
from protocol.labels import Alg, Purpose
from protocol.status_list import Status
from tests.issuer.builders import AT, BUSINESS, DRIVING, ID_CARD, holder_key, made, published_status, randomness

WORDS = "correct horse battery staple"
PART = 4_096
CHEAP = Argon2Profile(1, 8 * 1024)
SIGNER = keys.signer_for(Alg.ED25519, bytes([7] * 32))


def filled(issuer: Issuer) -> str:
    company = issuer.issue("business-licence", BUSINESS, holder_key(), at=AT).licence_id
    wish = Wish(company, 1, None, frozenset({Purpose.WINDOW}), None, 30, None)
    parent = issuer.mandates.issue(wish, holder_key(8), actor="test", at=AT).licence_id
    for number in range(6):
        # Their ids are random: rows must not depend on an order that happens to fit.
        below = Wish(company, 2, None, frozenset({Purpose.WINDOW}), None, 20, parent)
        issuer.mandates.issue(below, holder_key(20 + number), actor="test", at=AT)
    driver = issuer.issue("driving-licence", DRIVING, holder_key(2), at=AT).licence_id
    issuer.papers.issue(driver, days=30, actor="test", at=AT)
    issuer.suspend(driver, reason="测试", actor="test", at=AT)
    return driver


def dump(issuer: Issuer, out: Path) -> dumping.Made:
    return dumping.dump(
        issuer.register, issuer.profile, issuer.places, out, WORDS, random_bytes=randomness(9), cost=CHEAP, at=AT
    )


def restore(file: Path, folder: Path, words: str = WORDS, **given: Any) -> restoring.Restored:
    return restoring.restore(file, folder, words, **{"register_url": None, "published": None, "cost": CHEAP, **given})


def content(register: Register) -> Mapping[str, list[tuple[Any, ...]]]:
    with register.reading() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }


def test_everything_comes_back_and_goes_on(issuer: Issuer, tmp_path: Path) -> None:
    driver = filled(issuer)
    said = dump(issuer, tmp_path / "backup")
    before = content(issuer.register)
    assert said.rows == {name: len(rows) for name, rows in before.items()}
    late = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    restored = restore(tmp_path / "backup", tmp_path / "back", published=issuer.places.published)
    assert (restored.iss, restored.rows, restored.head) == ("310000.GA", said.rows, said.head)
    register = Register.open(f"sqlite:///{tmp_path / 'back/register.sqlite'}")
    assert content(register) == before
    assert restoring.lost_since(issuer.audit, said.head) == 1
    register.close()
    with Issuer.open(tmp_path / "back", passphrase=None, random_bytes=randomness(3)) as back:
        back.feed.begin_epoch(at=AT)
        back.close_lists(at=AT)
        back.publish(at=AT)
        assert back.root == issuer.root
        new = back.issue("id-card", ID_CARD, holder_key(), at=AT)
        # The entry that was given after the backup is given to nobody else.
        assert new.list_number != late.list_number
        back.change(driver, LegalChange.REVOKE, reason="测试", actor="test", at=AT)
        assert published_status(back, back.events(driver)[0]) == Status.REVOKED
        assert back.audit.verify(anchors=[said.head]).position > said.head.position


def test_a_backup_of_either_database_comes_back_onto_postgresql(
    issuer: Issuer, tmp_path: Path, register_url: str | None, request: pytest.FixtureRequest
) -> None:
    filled(issuer)
    dump(issuer, tmp_path / "backup")
    before = content(issuer.register)
    issuer.close()
    url: str = request.getfixturevalue("cluster").database()
    restore(tmp_path / "backup", tmp_path / "back", register_url=url)
    register = Register.open(url)
    assert content(register) == before
    with register.writing() as connection:
        # It counts on behind the highest number.
        row = connection.execute(select(status_event)).first()
        assert row is not None
        values = row._asdict() | {"seq": None}
        del values["seq"]
        connection.execute(insert(status_event).values(values))
    assert Trail(register).verify().position > 0
    register.close()


@pytest.fixture
def backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sealed_stream, "_PART", PART)
    with made(tmp_path / "i") as issuer:
        issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
        dump(issuer, tmp_path / "backup")
    return tmp_path / "backup"


def test_what_was_changed_or_cut_off_anywhere_is_not_believed(backup: Path, tmp_path: Path) -> None:
    good = backup.read_bytes()
    assert len(good) > 10 * PART
    part = PART + 16
    start = len(b"LZISSUER1") + 16
    bent = [
        bytes([good[0] ^ 1]) + good[1:],
        good[:20] + bytes([good[20] ^ 1]) + good[21:],
        good[: len(good) // 2] + bytes([good[len(good) // 2] ^ 1]) + good[len(good) // 2 + 1 :],
        good[:-1],
        good[: start + part],
        good + b"\0",
        good[:start] + good[start + part : start + 2 * part] + good[start : start + part] + good[start + 2 * part :],
        b"",
    ]
    for content_ in bent:
        backup.write_bytes(content_)
        with pytest.raises(BackupDamaged):
            restore(backup, tmp_path / "back")
        assert not (tmp_path / "back").exists()
    backup.write_bytes(good)
    with pytest.raises(BackupDamaged, match="another passphrase"):
        restore(backup, tmp_path / "back", "another passphrase")
    restore(backup, tmp_path / "back")


def test_nothing_is_overwritten_and_no_backup_lies_beside_what_it_saves(backup: Path, tmp_path: Path) -> None:
    with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2)) as issuer:
        for out in (backup, tmp_path / "i" / "backup"):
            with pytest.raises(BackupRefused):
                dump(issuer, out)
        with pytest.raises(BackupRefused, match="12 characters"):
            dumping.dump(
                issuer.register,
                issuer.profile,
                issuer.places,
                tmp_path / "new",
                "short",
                random_bytes=randomness(9),
                cost=CHEAP,
                at=AT,
            )
    assert not (tmp_path / "new").exists()
    with pytest.raises(BackupRefused, match="not empty"):
        restore(backup, tmp_path / "i")
    assert (tmp_path / "i" / "issuer.json").exists()


def test_the_commands_and_a_drill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path / "i").close()
    words = tmp_path / "words"
    words.write_text(WORDS)
    folder, out = tmp_path / "i", tmp_path / "backup"

    def run(*arguments: object) -> Any:
        done = CliRunner().invoke(
            cli,
            [*map(str, arguments), "--backup-passphrase-file", str(words), "--json"],
            env={PASSPHRASE_VARIABLE: ""},
        )
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    # A store that nobody reaches: a drill must not so much as ask the one that the authority publishes into.
    store = ("--store", "s3://live/feed", "--endpoint", "http://127.0.0.1:9")
    for variable in config.STORE_VARIABLES:
        monkeypatch.setenv(variable, "x")
    CliRunner().invoke(cli, ["feed", "settings", str(folder), *store], catch_exceptions=False)
    assert run("backup", folder, "--out", out)["rows"]["licence"] == 0
    with Issuer.open(folder, passphrase=None, random_bytes=randomness(2)) as issuer:
        issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    found = run("drill", folder, out)
    assert (found["licences"], found["epoch"], found["lost_acts"], found["silent_keys"]) == (0, 2, 1, [])
    CliRunner().invoke(cli, ["feed", "settings", str(folder), "--no-store"], catch_exceptions=False)
    assert run("backup", folder, "--out", tmp_path / "second")["rows"]["licence"] == 1
    out = tmp_path / "second"
    published = tmp_path / "survived"
    shutil.copytree(folder / "published", published)
    back = run("restore", out, tmp_path / "back", "--published", published)
    assert (back["licences"], back["epoch"]) == (1, 2)


def test_a_drill_says_which_keys_do_not_sign(backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        public_key = holder_key()

        def sign(self, message: bytes) -> bytes:
            raise TokenUnavailable("the token does not answer")

    words = tmp_path / "words"
    words.write_text(WORDS)
    monkeypatch.setattr("issuer.backups.cli.LIBSODIUM_MODERATE", CHEAP)
    monkeypatch.setattr(Issuer, "signing_now", lambda *_, **__: (("root", SIGNER), ("staff", Silent())))
    arguments = ["drill", str(tmp_path / "i"), str(backup), "--backup-passphrase-file", str(words)]
    done = CliRunner().invoke(cli, arguments, env={PASSPHRASE_VARIABLE: ""})
    assert done.exit_code == 1
    assert "keys that do not sign there: staff\n" in done.stderr
    assert "All but some keys come back" in done.stdout
