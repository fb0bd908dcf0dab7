"""The feed's commands as an operator types them."""

import json
from pathlib import Path

from protocol import cbor, feed_names, keys
from tests.issuer.feed_terminal import FeedTerminal
from tests.issuer.test_cli import folder, issue, run, subject

__all__ = ["folder", "subject"]
WORDS = "correct horse battery staple"


def as_json(*arguments: object) -> dict[str, object]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def test_a_reversal_from_the_key_to_the_feed(folder: Path, subject: Path, tmp_path: Path) -> None:
    key, request, statement = (tmp_path / name for name in ("offline", "request", "statement"))
    words = tmp_path / "words"
    words.write_text(WORDS)
    licence = issue(folder, subject).stdout.strip()
    assert run("revoke", folder, licence, "--reason", "by mistake").exit_code == 0
    assert as_json("feed", "status", folder)["seq"] == 1
    inside = run("feed", "reversal-key", "--out", folder / "offline", "--passphrase-file", words)
    assert (inside.exit_code, "must not lie in an issuer's folder" in inside.stderr) == (1, True)
    made = as_json("feed", "reversal-key", "--out", key, "--passphrase-file", words)
    wished = as_json("propose", "reversal", folder, "--licence", licence, "--reason", "so", "--by", "a")["id"]
    prepare = ("feed", "reversal", "prepare", folder, "--licence", licence, "--proposal", wished, "--out", request)
    without = run(*prepare)
    assert (without.exit_code, "trust-key" in without.stderr) == (1, True)
    assert as_json("feed", "trust-key", folder, f"{key}.pub") == {"kid": made["kid"]}
    unapproved = run(*prepare)
    assert (unapproved.exit_code, "proposal is proposed" in unapproved.stderr) == (1, True)
    assert as_json("approve", folder, wished, "--by", "b")["state"] == "approved"
    assert as_json(*prepare, "--ahead", 2) == {"epoch": 1, "seq": 3, "changes": {"revoked → valid": 1}}
    sign = ("feed", "reversal", "sign", request, "--key", key, "--out", statement, "--passphrase-file", words)
    assert run(*sign).exit_code == 1  # Nobody said yes.
    assert as_json(*sign, "--yes")["kid"] == made["kid"]
    assert as_json("feed", "reversal", "publish", folder, statement) == {"seq": 3, "published": True}
    assert [row["state"] for row in json.loads(run("list", folder, "--json").stdout)] == ["valid"]
    again = run("feed", "reversal", "publish", folder, statement)
    assert (again.exit_code, "is the one that was signed" in again.stderr) == (1, True)
    assert as_json("feed", "retire-key", folder, made["kid"])["trusted"] is False


def test_a_ban_an_epoch_and_what_status_says_of_them(folder: Path, tmp_path: Path) -> None:
    ban = (
        "propose",
        "ban",
        folder,
        "00112233445566ff",
        "--since",
        "2026-01-01T00:00:00",
        "--reason",
        "so",
        "--by",
        "a",
    )
    wished = as_json(*ban)
    assert wished["content"] == {"iss": "310000.GA", "kid": "00112233445566ff", "since": 1_767_196_800}
    assert as_json("approve", folder, wished["id"], "--by", "b")["state"] == "executed"
    assert "Banned: 00112233445566ff" in run("feed", "status", folder).stdout
    assert as_json("feed", "unban", folder, "00112233445566ff")["banned"] is False
    assert as_json("feed", "epoch", folder, "--yes") == {"epoch": 2, "seq": 0, "key_replaced": True}
    assert as_json("feed", "epoch", folder, "--yes", "--keep-key") == {"epoch": 3, "seq": 0, "key_replaced": False}
    assert as_json("feed", "tick", folder)["held_back"] == {"final": 0, "not_open": 0, "braked": 0}
    assert run("feed", "epoch", folder).exit_code == 1  # Nobody said yes.
    assert run("publish", folder, "--to", tmp_path / "www").exit_code == 0
    for name in (feed_names.CHECKPOINT, feed_names.DOCUMENT, feed_names.MANIFEST, feed_names.base(3, 0)):
        assert (tmp_path / "www" / name).is_file()


def test_settings_are_shown_kept_and_stand_in_what_is_signed(folder: Path) -> None:
    assert as_json("feed", "settings", folder)["store"] is None
    url = "https://second.example/lz"
    changed = as_json("feed", "settings", folder, "--url", url, "--tuf-root", 3, "--tuf-snapshot", 40)
    assert changed["urls"] == [url]
    assert run("feed", "settings", folder, "--url", "second.example").exit_code == 1
    assert run("feed", "tick", folder).exit_code == 0
    root = keys.load_cose_key(cbor.decode((folder / "published/root.cbor").read_bytes()))
    assert FeedTerminal(folder / "published", root).claims.tuf_versions.snapshot == 40
    as_json("feed", "settings", folder, "--store", "s3://city/lz")
    without = run("feed", "tick", folder)
    assert (without.exit_code, "LIANGZHENG_STORE_SECRET" in without.stderr) == (1, True)
    assert as_json("feed", "settings", folder, "--no-store", "--no-urls")["urls"] == []
