"""`liangzheng wallet receipt …`: receipts are kept, listed and removed by command."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from protocol.unixtime import UnixTime
from tests.wallet.asked import Terminal
from tests.wallet.issued import AT, Authority
from tests.wallet.test_receipts import by_mac, copy_of, stated
from wallet_sdk import Card, Wallet
from wallet_sdk.cli import cli


@pytest.fixture
def terminal(authority: Authority) -> Terminal:
    return Terminal(authority)


def test_the_commands_keep_list_and_remove(
    folder: Path, wallet: Wallet, card: Card, terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wallet_sdk.wiring.system_clock", lambda: UnixTime(AT))
    file = tmp_path / "copy.cbor"
    file.write_bytes(copy_of(terminal, stated(by_mac(wallet))))

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(cli, ["receipt", *arguments])

    added = run("add", str(folder), str(file))
    assert added.exit_code == 0, added.output
    receipt_id = added.stdout.splitlines()[0]
    (shown,) = json.loads(run("list", str(folder), "--json").stdout)
    assert (shown["id"], shown["verdict"], shown["licences"]) == (
        receipt_id,
        "accept",
        [{"kind": "driving-licence", "items": ["name", "class", "valid_to"], "licence": card.id}],
    )
    assert "虚构市车管所" in run("list", str(folder)).stdout
    assert run("add", str(folder)).exit_code == 2
    assert run("add", str(folder), "--text", "LR1:A").exit_code == 1
    assert run("remove", str(folder), receipt_id).exit_code == 0
    assert run("list", str(folder), "--json").stdout.strip() == "[]"
