"""The news of an open wallet: what issuers told, kept in the vault and visible on the cards until it is over.

`openid4vci.notices` fetches them. Guaranteed: a notice is stored together with the cursor behind it, or neither is.
"""

from collections.abc import Iterable
from dataclasses import replace

from wallet_sdk.card_pack import Card
from wallet_sdk.holdings import Holdings
from wallet_sdk.open_vault import OpenVault
from wallet_sdk.told import ToldDevice, ToldStatus

Word = tuple[str, ToldStatus] | ToldDevice


class News:
    """See the module."""

    def __init__(self, vault: OpenVault) -> None:
        self._vault = vault

    def cursor(self, issuer: str) -> str:
        """How far this issuer has been read; empty: not at all."""
        return self._vault.current().holdings.told.cursors.get(issuer, "")

    def devices(self) -> tuple[ToldDevice, ...]:
        """What happened to the holder's other devices and was not acknowledged, the oldest first."""
        return self._vault.current().holdings.told.devices

    def take(self, issuer: str, words: Iterable[Word], *, after: str, cursor: str) -> bool:
        """Keeps what this issuer told after one cursor, and the next one, in one write.

        Returns:
            Whether it was kept: not if another process has read this issuer further meanwhile.

        Raises:
            VaultBusy, VaultNotWritten: Nothing is kept; ask again from the same cursor.
        """
        with self._vault.change() as (content, store):
            held = content.holdings
            if held.told.cursors.get(issuer, "") != after:
                return False
            believed = [each for each in words if _may_speak(held, issuer, each)]
            told = held.told.after(issuer, cursor, believed)
            if told != held.told:
                store(replace(held, told=told))
        return True

    def acknowledge(self, card: Card | None = None) -> None:
        """The holder has read of the devices of this card, or of all: they are not shown again.

        Raises:
            VaultBusy, VaultNotWritten: They are still shown.
        """
        with self._vault.change() as (content, store):
            told = content.holdings.told
            rest = tuple(each for each in told.devices if card is not None and each.licence_id != card.id)
            if rest != told.devices:
                store(replace(content.holdings, told=replace(told, devices=rest)))


def _may_speak(held: Holdings, issuer: str, word: Word) -> bool:
    """Whether this issuer may tell that: a status only of a licence that it issued, a device of no other's."""
    if isinstance(word, ToldDevice):
        known = held.licences.get(word.licence_id)
        return known is None or known.refresh_url == issuer
    known = held.licences.get(word[0])
    return known is not None and known.refresh_url == issuer
