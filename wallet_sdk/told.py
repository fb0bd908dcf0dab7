"""What issuers have told a wallet of its licences since it received them: values as they lie in the vault.

An issuer speaks of its own licences alone: a word about a licence that came from somewhere else is not kept. Taking the
same words twice changes nothing, so a kill between fetching and storing costs a request and nothing else.

Not handled here: asking (`openid4vci.later`), and what a card looks like then (`card_pack.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from protocol import cbor
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from wallet_sdk.errors import VaultDamaged

MAX_DEVICES: Final = 100
"""The newest are kept; three devices may hold a licence, so this is years of changes."""


class DeviceEvent(StrEnum):
    """What a device is told of the holder's others (docs/spec/issuing.md)."""

    BOUND = "device_bound"
    LOST = "device_lost"


@dataclass(frozen=True, slots=True)
class ToldStatus:
    """The status of a licence in its register, as its issuer told it, and from when."""

    status: Status
    at: UnixTime


@dataclass(frozen=True, slots=True)
class ToldDevice:
    """Something happened to another device of the holder: `device` is the SHA-256 of its key in hexadecimal digits."""

    licence_id: str
    event: DeviceEvent
    device: str
    at: UnixTime


@dataclass(frozen=True, slots=True)
class Told:
    """Everything: how far each issuer has been read, statuses by licence id (never VALID), devices by their moments."""

    cursors: Mapping[str, str]
    statuses: Mapping[str, ToldStatus]
    devices: tuple[ToldDevice, ...]

    def after(self, issuer: str, cursor: str, words: Iterable[tuple[str, ToldStatus] | ToldDevice]) -> "Told":
        """The same with these words of an issuer, in their order, and its new cursor."""
        statuses, devices = dict(self.statuses), list(self.devices)
        for word in words:
            if isinstance(word, ToldDevice):
                if word not in devices:
                    devices.append(word)
                continue
            licence_id, told = word
            if told.status is Status.VALID:
                statuses.pop(licence_id, None)
            else:
                statuses[licence_id] = told
        newest = tuple(sorted(devices, key=lambda each: each.at)[-MAX_DEVICES:])
        return Told({**self.cursors, issuer: cursor}, statuses, newest)

    def elsewhere(self) -> "Told":
        """What another device of the same holder may take over: no cursor, and not that this device was lost."""
        kept = {name: told for name, told in self.statuses.items() if told.status is not Status.DEVICE_LOST}
        return replace(self, cursors={}, statuses=kept)


NOTHING: Final = Told({}, {}, ())


def encode(told: Told) -> cbor.Value:
    """Three values: cursors, statuses, devices."""
    cursors: dict[cbor.Key, cbor.Value] = {name: cursor for name, cursor in told.cursors.items()}  # noqa: C416 — the type of keys is wider
    statuses: dict[cbor.Key, cbor.Value] = {name: (int(each.status), each.at) for name, each in told.statuses.items()}
    return (
        cursors,
        statuses,
        tuple((each.licence_id, each.event.value, each.device, each.at) for each in told.devices),
    )


def decode(value: cbor.Value) -> Told:
    """Raises: VaultDamaged, ValueError."""
    match value:
        case (Mapping() as cursors, Mapping() as statuses, tuple() as devices):
            return Told(
                {str(name): str(cursor) for name, cursor in cursors.items()},
                {str(name): _status(each) for name, each in statuses.items()},
                tuple(map(_device, devices)),
            )
        case _:
            raise VaultDamaged("what issuers told has another form")


def _status(value: cbor.Value) -> ToldStatus:
    match value:
        case (int() as status, int() as at):
            return ToldStatus(Status(status), UnixTime(at))
        case _:
            raise VaultDamaged("a status has another form")


def _device(value: cbor.Value) -> ToldDevice:
    match value:
        case (str() as licence_id, str() as event, str() as device, int() as at):
            return ToldDevice(licence_id, DeviceEvent(event), device, UnixTime(at))
        case _:
            raise VaultDamaged("a device has another form")
