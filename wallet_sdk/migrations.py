"""Brings the content of a vault that an older version of this library wrote into the present form, step by step.

It happens on reading; the file keeps its old form until the next write, which puts the new one in its place whole. So
an app that is put back to its older version before it has written anything opens its vault as before.
"""

from collections.abc import Callable, Mapping
from typing import Final

from protocol import cbor
from wallet_sdk.errors import VaultDamaged

CURRENT: Final = 3
Content = Mapping[cbor.Key, cbor.Value]


def to_current(version: int, content: Content) -> Content:
    """The content as version `CURRENT` writes it. Raises: VaultDamaged."""
    for each in range(version, CURRENT):
        content = _STEPS[each](content)
    return content


def _from_1(content: Content) -> Content:
    """2 has groups of cards; its receipts are always there, even if there are none."""
    licences = content.get(4)
    if not isinstance(licences, Mapping):
        raise VaultDamaged("its licences have another form")
    grouped = {name: (*each, None) if isinstance(each, tuple) else each for name, each in licences.items()}
    return {**content, 4: grouped, 5: content.get(5, {})}


def _from_2(content: Content) -> Content:
    """3 has what issuers told: no cursor yet, so the next question brings everything from the beginning."""
    return {**content, 7: ({}, {}, ())}


_STEPS: Final[Mapping[int, Callable[[Content], Content]]] = {1: _from_1, 2: _from_2}
