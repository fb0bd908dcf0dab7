"""A region of 56 million licences for benches: a real issuer and its feed, whose statuses were drawn and not issued.

The issuer is made as its commands make it; then a new epoch of its feed begins with a drawn state of so many lists, in
which what it really issued is valid. Everything after that (signatures, publication, terminals) is the real thing.
"""

from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from sqlalchemy import select

from bench.status_sizes import MIX, draw_state
from demo.subjects import SUBJECTS
from issuer import holder_keys
from issuer import wiring as issuer_wiring
from issuer.application import Issuer
from issuer.register_schema import credential_group
from protocol.licence.catalogue import HolderRule
from revocation.state import RegionState
from wallet_sdk.wallet import Wallet

REGION: Final = "990000"
NOT_VALID: Final = 0.01
FEWEST: Final = 16
"""Lists that an issuer has open from its first day."""
_SEEDS: Final = 64


def published(folder: Path, wallet: Wallet, *, lists: int, cards: int) -> tuple[Path, list[str], int]:
    """Publishes such a region with so many licences for this wallet.

    Returns:
        The published folder, the cards' ids, and how many entries the statuses have.
    """
    at = issuer_wiring.now()
    with issuer_wiring.initialise(
        folder, region=REGION, authority="GA", passphrase=None, fictional=True, register_url=None
    ) as issuer:
        key = holder_keys.read(wallet.public_key())
        slugs = [
            each.slug for each in issuer.kinds.values() if each.holder is HolderRule.NATURAL and each.slug in SUBJECTS
        ]
        wanted = list(islice(cycle(slugs), cards))
        made = [issuer.issue(slug, SUBJECTS[slug], key, at=at) for slug in wanted]
        held = [wallet.receive(each.package) for each in made]
        state = _drawn(issuer, lists)
        # What the feed stands on is put in place of what the register says: 56 million rows would say nothing more.
        issuer.feed._current = replace(issuer.feed.current(at=at), state=state)
        issuer.feed.begin_epoch(at=issuer_wiring.now())
        issuer.publish(at=issuer_wiring.now())
        return issuer.places.published, held, state.universe


def _drawn(issuer: Issuer, lists: int) -> RegionState:
    with issuer.feed.log.register.reading() as connection:
        places = [(row.list_number, row.idx) for row in connection.execute(select(credential_group))]
    for seed in range(_SEEDS):
        state = RegionState(REGION, (None, *draw_state(lists, NOT_VALID, MIX, seed).lists))
        if not any(state.look_up(*place) for place in places):
            return state
    raise SystemExit("no seed leaves what was issued valid")
