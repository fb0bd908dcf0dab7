"""The card pack as the holder arranges and looks after it: profiles, groups, reminders, offices. All of it offline."""

from dataclasses import replace
from typing import Final

from protocol import cwt
from protocol.directory import Office
from protocol.place import Place, Point
from protocol.unixtime import UnixTime
from wallet_sdk import card_pack, reminders
from wallet_sdk.card_pack import Card, Profile
from wallet_sdk.errors import GroupRefused
from wallet_sdk.nearest import rank
from wallet_sdk.open_vault import OpenVault
from wallet_sdk.ports import Clock
from wallet_sdk.reminders import Reminder

_MAX_GROUP_CHARACTERS: Final = 24


class CardPack:
    """The cards of one open wallet."""

    def __init__(self, vault: OpenVault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    def cards(
        self, *, profile: Profile | None = None, group: str | None = None, at: UnixTime | None = None
    ) -> tuple[Card, ...]:
        """The cards of a profile, of a group, of both, or all; in the order of their kinds and ids."""
        moment = self._clock() if at is None else at
        held = self._vault.current().licences.values()
        in_order = sorted(held, key=lambda each: (each.kind.vct, each.stored.licence_id))
        cards = (card_pack.card(each, moment) for each in in_order)
        return tuple(
            card
            for card in cards
            if (profile is None or card.profile is profile) and (group is None or card.group == group)
        )

    def groups(self) -> tuple[str, ...]:
        """The groups that have a card, in the order of their names."""
        licences = self._vault.current().holdings.licences.values()
        return tuple(sorted({each.group for each in licences if each.group is not None}))

    def put(self, card: Card, group: str | None) -> Card:
        """Puts a card into a group, which exists as long as it has a card; None: into none.

        Raises:
            GroupRefused: Not 1 to 24 characters that show what they say.
            LicenceNotFound: The card is gone.
            VaultNotWritten, VaultBusy: It stays where it was.
        """
        if group is not None and not (
            0 < len(group) <= _MAX_GROUP_CHARACTERS and group.strip() == group and cwt.text_is_harmless(group)
        ):
            raise GroupRefused
        with self._vault.change() as (held, store):
            stored = card_pack.find(held.licences, card.id).stored
            licences = {**held.holdings.licences, stored.licence_id: replace(stored, group=group)}
            store(replace(held.holdings, licences=licences))
        return replace(card, group=group)

    def reminders(self, at: UnixTime | None = None, *, near: Place | Point | None = None) -> tuple[Reminder, ...]:
        """What the holder is to be reminded of now, the most urgent first, each with the offices that can help.

        Args:
            at: Now, if it is not the clock's.
            near: Where the holder is: the nearest office comes first. It is neither kept nor sent anywhere.
        """
        content = self._vault.current()
        return reminders.due(content.licences.values(), self._clock() if at is None else at, near)

    def schedule(self, at: UnixTime | None = None, *, near: Place | Point | None = None) -> tuple[Reminder, ...]:
        """What is still to come, by its moment, for the notifications of a phone that is asleep then."""
        content = self._vault.current()
        return reminders.upcoming(content.licences.values(), self._clock() if at is None else at, near)

    def offices(
        self, kind: str = "", search: str = "", *, near: Place | Point | None = None
    ) -> tuple[tuple[str, Office], ...]:
        """Region and office of each place where licences are renewed, as the held directories say.

        Args:
            kind: Slug of a kind that it must serve; empty: any.
            search: A part of its name or address.
            near: The nearest one first, whichever region lists it.
        """
        found = [
            (region, office)
            for region, listed in sorted(self._vault.current().directories.items())
            for office in listed.offices
            if (search in office.name or search in office.address)
            and (not kind or any(listed.kinds[vct].slug == kind for vct in office.kinds))
        ]
        return tuple(found if near is None else sorted(found, key=lambda each: rank(each[1], near)))
