"""Puts the parts of issuing to wallets together over one register."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from issuer.devices.losing import Devices
from issuer.draws import RandomBytes
from issuer.openid4vci.codes import DerivedSecrets
from issuer.openid4vci.holding import AssuranceOf, Holding
from issuer.openid4vci.issuing import Answering, Credentials, Issue, IssueAgain
from issuer.openid4vci.nonces import Nonces
from issuer.openid4vci.offering import Offers
from issuer.openid4vci.redeeming import Redemption
from issuer.register import Register
from protocol.licence.catalogue import Kind
from protocol.unixtime import UnixTime


@dataclass(frozen=True, slots=True)
class WalletIssuing:
    """What an authority does for wallets over the network."""

    offers: Offers
    redemption: Redemption
    nonces: Nonces
    credentials: Credentials
    holding: Holding
    receipt_code: Callable[[str], str]


def assemble(
    *,
    register: Register,
    kinds: Mapping[int, Kind],
    fictional: bool,
    secret: bytes,
    devices: Devices,
    directory: Callable[[UnixTime], bytes],
    issue: Issue,
    issue_again: IssueAgain,
    answering: Answering,
    assurance: AssuranceOf,
    random_bytes: RandomBytes,
) -> WalletIssuing:
    """All of it; `secret` is one that every server of this authority has, and nobody else."""
    secrets = DerivedSecrets(secret)
    nonces = Nonces(register=register, key=secrets.nonce_key(), random_bytes=random_bytes)
    return WalletIssuing(
        Offers(register=register, kinds=kinds, fictional=fictional, secrets=secrets, random_bytes=random_bytes),
        Redemption(register=register, secrets=secrets, random_bytes=random_bytes),
        nonces,
        Credentials(
            register=register,
            kinds=kinds,
            nonces=nonces,
            secrets=secrets,
            directory=directory,
            issue=issue,
            issue_again=issue_again,
            answering=answering,
        ),
        Holding(
            register=register,
            nonces=nonces,
            secrets=secrets,
            devices=devices,
            directory=directory,
            issue_again=issue_again,
            assurance=assurance,
            random_bytes=random_bytes,
        ),
        secrets.receipt_code,
    )
