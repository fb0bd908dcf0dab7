"""A wallet with a manual clock, a toy authority, and one good package."""

from collections.abc import Callable
from pathlib import Path

import pytest

from protocol.labels import Alg
from protocol.unixtime import UnixTime
from tests.wallet.issued import AT, Authority, encoded, holder_key
from wallet_sdk import Card, Wallet
from wallet_sdk.sealed_file import PassphraseCost

CHEAP = PassphraseCost(passes=1, memory_bytes=8192)


class ManualClock:
    """Time passes only when somebody sleeps or says so."""

    def __init__(self, at: int = AT) -> None:
        self.at = at
        self.set_by = 0
        self.slept: list[float] = []

    def __call__(self) -> UnixTime:
        return UnixTime(self.at)

    def elapsed(self) -> float:
        """What a clock says that nobody can set."""
        return float(self.at - self.set_by)

    def set(self, at: int) -> None:
        """Somebody sets the clock; no time passes."""
        self.set_by += at - self.at
        self.at = at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += int(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "wallet"


@pytest.fixture(params=[Alg.ESP256, Alg.ED25519], ids=["p256", "ed25519"])
def alg(request: pytest.FixtureRequest) -> Alg:
    assert isinstance(request.param, Alg)
    return request.param


@pytest.fixture
def wallet(folder: Path, clock: ManualClock) -> Wallet:
    return Wallet.create(folder, clock=clock, elapsed=clock.elapsed, sleep=clock.sleep, async_sleep=clock.sleep_async)


@pytest.fixture
def give(authority: Authority) -> Callable[..., Card]:
    """Gives a wallet a good package, with changes in its claims or values."""

    def give(wallet: Wallet, **changes: object) -> Card:
        package = authority.package(holder_key(wallet.public_key()), **changes)  # type: ignore[arg-type]
        return wallet.receive(encoded(package))

    return give


@pytest.fixture
def card(wallet: Wallet, give: Callable[..., Card]) -> Card:
    return give(wallet)
