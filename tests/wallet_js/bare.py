"""The TypeScript wallet in a bare context and a Python one with the same key, so that both hold the same licences."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from protocol.keys import VerificationKey
from protocol.labels import Alg
from protocol.licence_package import LicencePackage
from tests.wallet.conftest import CHEAP, ManualClock
from tests.wallet.issued import Authority, encoded, holder_key
from tests.wallet_js.conftest import JS
from wallet_sdk import Wallet

SECRET = b"\x07" * 32


@dataclass
class Both:
    """One holder with two wallets, a region's authority, and their one clock."""

    built: Path
    folder: Path
    alg: Alg = Alg.ESP256
    clock: ManualClock = field(default_factory=ManualClock)
    authority: Authority = field(default_factory=Authority)
    packages: list[bytes] = field(default_factory=list)
    python: Wallet = field(init=False)

    def __post_init__(self) -> None:
        self.python = Wallet.create(
            self.folder,
            key=self.alg,
            clock=self.clock,
            elapsed=self.clock.elapsed,
            random=lambda size: (SECRET * 9)[:size],
            cost=CHEAP,
        )

    @property
    def holder(self) -> VerificationKey:
        return holder_key(self.python.public_key())

    def take(self, package: LicencePackage) -> None:
        self.packages.append(encoded(package))
        self.python.receive(self.packages[-1])

    def run(self, program: str, **given: Any) -> Any:
        """What these steps give in the TypeScript wallet."""
        alg = {Alg.ESP256: -9, Alg.ED25519: -19}[self.alg]
        asked = {"alg": alg, "secret": SECRET.hex(), "now": self.clock(), "program": program, **given}
        asked["packages"] = [each.hex() for each in self.packages]
        command = ["node", str(JS / "tools" / "runInBareContext.mjs"), str(self.built / "miniprogram.js")]
        done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3_000:]
        return json.loads(done.stdout)
