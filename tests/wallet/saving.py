"""Saves ever new content into a vault and confirms each save on stdout, until it is killed (test_vault)."""

import os
import sys
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from wallet_sdk.vault import Vault


def main(folder: Path, saved: int) -> None:
    vault = Vault.open(folder, passphrase=None, random=os.urandom, sleep=lambda _: None)
    for number in count(saved + 1):
        with vault.exclusive():
            vault.write(f"{number:08}".encode() * (number % 500 + 1))
        os.write(1, b"%d.\n" % number)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
