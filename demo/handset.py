"""The holder's acts with the demonstration's phone: a wallet, what is held up, and before which camera.

It talks to the wallet by its public interface only; the tricks are the forger's (`demo.forger`). Not handled here: the
page (`demo.phone`) and what the camera makes of it (`demo.scene`).
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import click

from demo import forger, scene, wiring
from demo.phone_sheets import Json, items_json, names_json
from demo.scene import Cameras, Matrix
from protocol import licence_package
from protocol.labels import Lic, Purpose
from protocol.unixtime import UnixTime
from wallet_sdk import consent_sheet, drawing
from wallet_sdk.card_pack import Card
from wallet_sdk.consent import Decision
from wallet_sdk.dynamic_code import Showing
from wallet_sdk.errors import CodeTooLarge, Language, WalletError
from wallet_sdk.joint_consent import JointDecision
from wallet_sdk.moving_code import MovingContent, MovingPortrait
from wallet_sdk.pictures import Picture
from wallet_sdk.terminal_request import TerminalRequest
from wallet_sdk.wallet import Wallet

OLD_SECONDS: Final = 120
"""Older than any code that is still taken; licences begin at midnight, so that right after it none is so old."""
PAYMENT_CODE: Final = "wxp://f2f0SYNTHETIC0EXAMPLE0NOT0A0REAL0CODE"
PICTURES_PER_SECOND: Final = 4
"""Half of what the demonstration's camera films, so that it sees every moving picture twice."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the phone holds up: a code that rolls by itself, or one that stays."""

    zh: str
    en: str
    rolling: Showing | None
    text: str
    matrix: Matrix
    moving: MovingPortrait | MovingContent | None = None


class Phone:
    """The holder's acts. One at a time."""

    def __init__(self, directory: Path, in_front_of_camera: Cameras, clock: Callable[[], UnixTime]) -> None:
        """Opens the wallet."""
        self._directory = directory
        self._wallet = Wallet.open(directory, clock=clock)
        self._scene = in_front_of_camera
        self._clock = clock
        self._held: Held | None = None
        self._last: Held | None = None
        self._packages: list[licence_package.LicencePackage] = []
        self._guard = threading.RLock()
        self._version = 0
        self._picture = 0
        self._seen: Json = {"number": 0, "challenge": ""}

    def receive(self, package: bytes) -> str:
        """Takes a licence in and keeps the package, which the forger wants."""
        with self._guard:
            card = self._wallet.receive(package)
            self._packages.append(licence_package.decode(package))
            return card.names.zh_hans

    def take_directory(self, directory: bytes) -> str:
        """Takes the newer directory of a region: its terminals, sites and rules."""
        with self._guard:
            return self._wallet.take_directory(directory)

    def show(self, card_id: str, purpose: Purpose, items: list[str], *, with_portrait: bool = False) -> None:
        """The holder agrees and shows one licence, with its moving portrait if wanted."""
        with self._guard:
            card = self._card(card_id)
            decision: Decision = self._wallet.request(card, purpose).approve(items)
            showing = self._wallet.show(card, audience=purpose, consent=decision)
            frame = showing.frame()
            moving = showing.with_portrait(PICTURES_PER_SECOND) if with_portrait else None
            self._picture = 0
            self._hold(Held(card.names.zh_hans, card.names.en, showing, frame.text, frame.matrix, moving))

    def show_several(self, purpose: Purpose, items: Mapping[str, list[str] | None]) -> JointDecision:
        """The holder agrees and shows several licences in one act."""
        with self._guard:
            asked = self._wallet.request_bundle([self._card(each) for each in items], purpose)
            decision = asked.approve(items)
            self._hold_showing(self._wallet.show_bundle(consent=decision), [sheet.card for sheet in asked.sheets])
            return decision

    def read(self, asked: Json) -> TerminalRequest:
        """What a terminal asks, by its challenge or by the short code on its screen."""
        with self._guard:
            if "challenge" in asked:
                return self._wallet.read_challenge(str(asked["challenge"]))
            cards = [self._card(str(each)) for each in asked["items"]]
            return self._wallet.short_code(str(asked["code"]), purpose=purpose_of(asked), cards=cards)

    def answer(self, asked: Json) -> tuple[TerminalRequest, JointDecision]:
        """The holder agrees, and the answer is held up."""
        with self._guard:
            found = self.read(asked)
            decision = found.approve(asked.get("items"))
            cards = [found.sheet(each.licence_id).card for each in decision.cards]
            self._hold_showing(self._wallet.show_answer(found, decision), cards)
            return found, decision

    def trick(self, name: str) -> None:
        """Holds up what should not be believed."""
        with self._guard:
            match name:
                case "screenshot":
                    if self._last is None:
                        raise click.UsageError("nothing has been shown yet / 还没有亮过证")
                    self._hold(Held("截图", "a screenshot", None, self._last.text, self._last.matrix))
                case "payment":
                    matrix = scene.foreign_matrix(PAYMENT_CODE)
                    self._hold(Held("付款码", "a payment code", None, PAYMENT_CODE, matrix))
                case "old":
                    earlier = Wallet.open(self._directory, clock=lambda: UnixTime(self._clock() - OLD_SECONDS))
                    card = earlier.cards()[0]
                    decision = earlier.request(card, Purpose.WINDOW).approve()
                    frame = earlier.present_once(card, audience=Purpose.WINDOW, consent=decision)
                    self._hold(
                        Held("两分钟前的截图", "a screenshot from two minutes ago", None, frame.text, frame.matrix)
                    )
                case "forged" | "stranger":
                    self._hold(self._forgery(name))
                case _:
                    raise click.UsageError("no such trick / 没有这种把戏")

    def go_to(self, place: str) -> None:
        """Walks over to another terminal, with the phone put away."""
        with self._guard:
            self.put_away()
            self._scene.go_to(place)

    def point_at(self, challenge: str) -> None:
        """The phone's camera sees a terminal's screen: the page reads what it asks and the holder decides."""
        with self._guard:
            self._seen = {"number": self._seen["number"] + 1, "challenge": challenge}

    def hold_paper(self, code: str) -> None:
        """Holds up a printed code instead of the phone."""
        with self._guard:
            self._hold(Held("纸质码", "a paper code", None, code, scene.foreign_matrix(code)))

    def put_away(self) -> None:
        """Takes the phone out of the camera's sight."""
        with self._guard:
            if self._held is not None and self._held.rolling is not None:
                self._held.rolling.close()
            self._held = None
            self._scene.take_away()

    def roll(self) -> None:
        """Redraws the code if its time has come; called as often as a moving picture changes."""
        with self._guard:
            held = self._held
            if held is None or held.rolling is None:
                return
            try:
                self._picture += 1
                picture = held.rolling.frame() if held.moving is None else held.moving.numbered(self._picture)
            except WalletError:
                # The request is over, or the licence; nothing stays on the screen.
                self.put_away()
                return
            if picture.text != held.text:
                self._hold(replace(held, text=picture.text, matrix=picture.matrix))

    def code_text(self) -> str:
        """What the current code says; empty if none is shown."""
        with self._guard:
            return self._held.text if self._held is not None else ""

    def svg(self) -> str:
        """The current code for the page."""
        with self._guard:
            held = self._held
            if held is None:
                return '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'
            return drawing.svg(held.matrix, held.zh)

    def state(self) -> Json:
        """What the page draws."""
        with self._guard:
            held = self._held
            moving = held.moving if held is not None else None
            expires_at = None
            try:
                if held is not None and held.rolling is not None and not isinstance(moving, MovingContent):
                    expires_at = held.rolling.frame().expires_at
            except WalletError:
                self.put_away()
                held = moving = None
            return {
                "scene": "away" if held is None else "showing",
                "title": {"zh": held.zh, "en": held.en} if held else None,
                "version": self._version,
                "expires_at": expires_at,
                "moving": {"pictures_per_second": moving.pictures_per_second, "round_seconds": moving.round_seconds}
                if moving is not None
                else None,
                "cards": [self._card_json(card) for card in self._wallet.cards()],
                "seen": self._seen,
            }

    def _card(self, card_id: str) -> Card:
        return next(card for card in self._wallet.cards() if card.id == card_id)

    def _card_json(self, card: Card) -> Json:
        purposes: list[Json] = []
        for purpose, names in consent_sheet.PURPOSES.items():
            try:
                asked = self._wallet.request(card, purpose)
            except WalletError:
                continue
            purposes.append({"word": purpose.word, "zh": names.zh_hans, "en": names.en, "items": items_json(asked)})
        acts_for = card.acts_for
        return {
            "id": card.id,
            "name": names_json(card.names),
            "state": str(card.state),
            "acts_for": consent_sheet.mandate(acts_for, Language.ZH_HANS) if acts_for is not None else None,
            "portrait": next((item.name for item in card.items if item.key == Lic.PORTRAIT_SHA256), None)
            if card.portrait is not None
            else None,
            "purposes": purposes,
        }

    def _hold_showing(self, showing: Showing, cards: list[Card]) -> None:
        zh, en = ("、".join(each.names.zh_hans for each in cards), ", ".join(each.names.en for each in cards))
        moving: MovingContent | None = None
        first: Picture
        try:
            first = showing.frame()
        except CodeTooLarge:
            moving = showing.animated(PICTURES_PER_SECOND)
            first = moving.numbered(0)
        self._picture = 0
        self._hold(Held(zh, en, showing, first.text, first.matrix, moving))

    def _hold(self, held: Held) -> None:
        if self._held is not None and self._held.rolling is not None and self._held.rolling is not held.rolling:
            self._held.rolling.close()
        self._held = held
        if held.rolling is not None:
            if held.moving is None:
                self._last = held
            elif isinstance(held.moving, MovingPortrait):
                # A screenshot shows the licence, and not a piece of the portrait.
                frame = held.rolling.frame()
                self._last = replace(held, text=frame.text, matrix=frame.matrix)
        self._version += 1
        self._scene.hold_up(held.matrix)

    def _forgery(self, name: str) -> Held:
        # A view: nothing to disclose, so the forger's code is as small as the genuine one.
        issued = self._packages[0].credentials[-1]
        issuer, device = forger.new_signers(wiring.random_bytes(32), wiring.random_bytes(32))
        at = self._clock()
        if name == "forged":
            text = forger.with_own_issuer_key(issued, purpose=Purpose.WINDOW, at=at, forger=issuer, device=device)
            return Held("伪造的证照", "a forged licence", None, text, scene.foreign_matrix(text))
        text = forger.from_another_phone(issued, purpose=Purpose.WINDOW, at=at, device=device)
        return Held("别人手机里的证照", "a licence from another phone", None, text, scene.foreign_matrix(text))


def purpose_of(asked: Json) -> Purpose:
    return Purpose[str(asked["purpose"]).upper()]
