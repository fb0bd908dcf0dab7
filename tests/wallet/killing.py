"""The wallet's kill loop: it is killed at random moments of everything that writes; what it said it did must be there.

After each kill: the vault opens; every signature has its line of the history; what was told as done is there; a vault
of an older version is the old or the new one, whole; a restored wallet is whole, or is restored anew without ado.
"""

import multiprocessing
import os
import random
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path

from tests.wallet import kill_target
from tests.wallet.issued import AT, Authority, encoded, holder_key
from wallet_sdk import Wallet, cli_waiting
from wallet_sdk.errors import VaultMissing

_MOST_LINES = 30
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.wallet.kill_target"])


@dataclass
class KillResult:
    """What a loop of kills came to; `told` counts what was said to be done."""

    kills: int = 0
    told: int = 0
    signed: int = 0
    findings: list[str] = field(default_factory=list)


def kill_loop(folder: Path, *, kills: int, seed: int) -> KillResult:
    """Starts and kills the wallet again and again."""
    chance = random.Random(seed)
    wallet = Wallet.create(folder / "wallet", clock=lambda: AT)
    wallet.receive(encoded(Authority().package(holder_key(wallet.public_key()))))
    result, last = KillResult(), {"begin": 0}
    for _ in range(kills):
        lines = _one_life(folder, last["begin"], chance)
        result.kills += 1
        last["begin"] += len(lines) + 2
        result.findings += _found_wrong(folder, lines, result)
        for left in (*folder.glob("old-*"), *folder.glob("new-*")):
            shutil.rmtree(left)
    return result


def _one_life(folder: Path, begin: int, chance: random.Random) -> list[list[str]]:
    reader, writer = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=kill_target.main, args=(folder, begin, writer))
    process.start()
    writer.close()
    with os.fdopen(os.dup(reader.fileno()), "rb") as told:
        reader.close()
        assert told.readline() == b"ready\n"
        # Killed after some number of lines and a moment more, so that every stage of every act is met.
        lines = [told.readline() for _ in range(chance.randrange(_MOST_LINES))]
        process.join(chance.random() * 0.02)
        process.kill()
        rest = told.read()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    # A line that the kill cut off was not told.
    complete = (b"".join(lines) + rest).rpartition(b"\n")[0]
    return [line.split() for line in complete.decode().splitlines()]


def _found_wrong(folder: Path, lines: list[list[str]], result: KillResult) -> list[str]:
    wallet = Wallet.open(folder / "wallet", clock=lambda: AT)
    cards = {card.id: card for card in wallet.cards()}
    uses = {use.at for use in wallet.history.uses()}
    oldest = min(uses, default=0)
    receipts = {each.id for each in wallet.receipts.listed()}
    last = {words[0]: words[1:] for words in lines}
    started = {name for name, *_ in lines}
    wrong = []
    for name, *words in lines:
        match name:
            case "signed" | "shown":
                result.signed += name == "signed"
                if int(words[0]) not in uses and int(words[0]) >= oldest:
                    wrong.append(f"{name} at {words[0]} without its line of the history")
            case "received" if words[0] not in cards:
                wrong.append(f"licence {words[0]} is lost")
            case "receipt" if words[0] not in receipts:
                wrong.append(f"receipt {words[0]} is lost")
            case "waiting" if words[0] not in {each.transaction_id for each in cli_waiting.read(folder / "wallet")}:
                wrong.append(f"waiting {words[0]} is lost")
            case "old":
                old = Wallet.open(folder / words[0], passphrase="version 2", clock=lambda: AT)
                if len(old.cards()) != 1 or len(old.history.uses()) != 1:
                    wrong.append(f"{words[0]} is not whole")
                if ["migrated", *words] in lines and old.cards()[0].group != "moved":
                    wrong.append(f"{words[0]} was migrated and is not")
            case "restoring":
                wrong += _restored_wrong(folder, words[0], is_told=["restored", *words] in lines)
            case _:
                pass
    result.told += sum(name not in ("signed", "old", "restoring") for name, *_ in lines)
    # Of what is replaced, the last one that was told; one more of the same kind may be under way.
    if "cursor" in started and int(wallet.news.cursor(kill_target.ISSUER)) < int(last["cursor"][0]):
        wrong.append("a cursor went back")
    if "group" in started and int((wallet.cards()[0].group or "g0")[1:]) < int(last["group"][0][1:]):
        wrong.append("a group went back")
    return wrong


def _restored_wrong(folder: Path, number: str, *, is_told: bool) -> list[str]:
    new, backup = folder / f"new-{number}", (folder / f"backup-{number}").read_bytes()
    try:
        found = Wallet.open(new, clock=lambda: AT)
    except VaultMissing:
        if is_told:
            return [f"restored {number} is lost"]
        found = Wallet.restore(new, backup, backup_passphrase="another phone", clock=lambda: AT)
    (folder / f"backup-{number}").unlink()
    return [] if found.cards() and found.history.uses() else [f"restored {number} is not whole"]
