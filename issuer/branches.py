"""What an authority does beside issuing licences, an object for each: terminals, people, agents, paper, devices.

Not handled here: licences themselves (`application`).
"""

from collections.abc import Callable, Mapping

from issuer.allocation import Allocator
from issuer.devices.losing import Devices
from issuer.issuance import Issued
from issuer.mandates.issuing import Mandates
from issuer.papers.issuing import Papers
from issuer.profile import Profile
from issuer.recognition.deciding import Recognition
from issuer.register import Register
from issuer.signers import RandomBytes, Signers
from issuer.staff.certifying import Staff
from issuer.terminals.certifying import Terminals
from issuer.terminals.offices import Offices
from issuer.terminals.sites import Sites
from issuer.terminals.withdrawing import Withdrawing
from protocol.appraisal_policy import PolicyRow
from protocol.keys import VerificationKey
from protocol.labels import KeyAssurance, Purpose
from protocol.licence.catalogue import Kind
from protocol.unixtime import UnixTime


class Branches:
    """The branches of one authority, over one register."""

    def __init__(
        self,
        *,
        profile: Profile,
        signers: Signers,
        register: Register,
        kinds: Mapping[int, Kind],
        rows: Mapping[tuple[int, Purpose], PolicyRow],
        allocator: Allocator,
        random_bytes: RandomBytes,
        wallet_directory: Callable[[UnixTime], bytes],
        issue_again: Callable[[str, VerificationKey, KeyAssurance, UnixTime], Issued],
        publish_change: Callable[[UnixTime], None],
        publish_new_lists: Callable[[UnixTime], None],
    ) -> None:
        self.terminals = Terminals(profile=profile, register=register, signer=signers.terminal, kinds=kinds, rows=rows)
        self.sites = Sites(register=register, random_bytes=random_bytes, publish_change=publish_change)
        self.recognition = Recognition(register, profile.region, kinds, rows, publish_change)
        self.withdrawing = Withdrawing(register=register, publish_change=publish_change)
        self.staff = Staff(profile=profile, register=register, signer=signers.staff, publish_change=publish_change)
        self.offices = Offices(register=register, kinds=kinds, publish_change=publish_change)
        self.mandates = Mandates(
            profile=profile,
            register=register,
            allocator=allocator,
            signer=signers.mandate,
            root=signers.root.public_key,
            kinds=kinds,
            rows=rows,
            random_bytes=random_bytes,
            directory=wallet_directory,
            publish_change=publish_change,
            publish_new_lists=publish_new_lists,
        )
        self.papers = Papers(
            profile=profile,
            register=register,
            allocator=allocator,
            signer=signers.paper,
            kinds=kinds,
            random_bytes=random_bytes,
            publish_change=publish_change,
            publish_new_lists=publish_new_lists,
        )
        self.devices = Devices(
            register=register,
            issue_again=issue_again,
            publish_change=publish_change,
        )
