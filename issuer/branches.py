"""What an authority does beside issuing licences, an object for each: terminals, people, agents, paper, devices.

Not handled here: licences themselves (`application`).
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from issuer import draws
from issuer.acts.confirming import OFFICERS_ACT, Acts
from issuer.allocation import Allocator
from issuer.applications.following import Following
from issuer.applications.looking import ApplicationQueue
from issuer.applications.offering import ApplicationOffers
from issuer.applications.reviewing import Applications
from issuer.approvals.proposing import Approvals
from issuer.audit.reading import Trail
from issuer.binding.binding import Bindings
from issuer.bulk.importing import BulkImport
from issuer.bulk.pulling import Pulling
from issuer.bulk.sources import PULL_SOURCE, PullSources
from issuer.changing.alone import CHANGE_LIMITS, Alone
from issuer.changing.bulk import BULK_CHANGE, BulkChanges
from issuer.changing.expiry import Expiry
from issuer.devices.losing import Devices
from issuer.draws import RandomBytes
from issuer.enrolment.inviting import Enrolments
from issuer.enrolment.renewing import Renewals
from issuer.feed import dangerous
from issuer.fleet import register as fleet_rows
from issuer.fleet.receiving import Receiving
from issuer.fleet.standing import Fleet
from issuer.fleet.tokens import FleetTokens
from issuer.holders import erasure_log
from issuer.holders.erasing import ERASE, Erasing
from issuer.holders.erasure_log import ErasureLog
from issuer.holders.subject_access import Holders
from issuer.issuance import Issuance, Issued
from issuer.joint.issuing import JointLicences
from issuer.keys.ceremonies import Keys
from issuer.keys.resigning import Resigning
from issuer.keys.ring import KeyRing
from issuer.lookup.overview import Overview
from issuer.mandates.issuing import Mandates
from issuer.openid4vci import assembling as openid4vci
from issuer.openid4vci.redeeming import ACTOR as WALLET
from issuer.papers.issuing import Papers
from issuer.people.door import Door
from issuer.people.register import People
from issuer.profile import Profile
from issuer.publishing import kept
from issuer.recognition.deciding import Recognition
from issuer.register import Register
from issuer.renewing.renewing import IssueNew, LicenceRenewals
from issuer.runbooks.runs import Runs
from issuer.signers import Signers
from issuer.spreading import Below
from issuer.staff.certifying import Staff
from issuer.terminals.certifying import Terminals
from issuer.terminals.offices import Offices
from issuer.terminals.sites import Sites
from issuer.terminals.withdrawing import Withdrawing
from protocol.appraisal_policy import PolicyRow
from protocol.keys import VerificationKey
from protocol.labels import KeyAssurance, KeyUse, Purpose
from protocol.licence.catalogue import Kind
from protocol.trust_list import TrustAnchor
from protocol.unixtime import UnixTime


class Branches:
    """The branches of one authority, over one register."""

    def __init__(
        self,
        *,
        profile: Profile,
        signers: Signers,
        ring: KeyRing,
        register: Register,
        kinds: Mapping[int, Kind],
        rows: Mapping[tuple[int, Purpose], PolicyRow],
        allocator: Allocator,
        random_bytes: RandomBytes,
        issuance: Issuance,
        folder: Path,
        imports: Path,
        packages: Path,
        wallet_directory: Callable[[UnixTime], bytes],
        issue: IssueNew,
        issue_again: Callable[[str, VerificationKey, KeyAssurance, str, UnixTime], Issued],
        publish_change: Callable[[UnixTime], None],
        publish_new_lists: Callable[[UnixTime], None],
    ) -> None:
        self.register = register
        self.audit = Trail(register)
        below: Below = partial(draws.below, random_bytes)
        self.alone = Alone(register=register, kinds=kinds)
        self.changes = BulkChanges(register=register, alone=self.alone, below=below, publish_change=publish_change)
        self.joint = JointLicences(
            profile=profile,
            register=register,
            kinds=kinds,
            issuance=issuance,
            directory=wallet_directory,
            publish_new_lists=publish_new_lists,
        )
        self.licence_renewals = LicenceRenewals(
            register=register,
            kinds=kinds,
            issue=issue,
            issue_again=issue_again,
            department_of=ring.department_of,
            alone=self.alone,
            below=below,
            publish_change=publish_change,
        )
        self.bindings = Bindings(register=register, iss=profile.iss, kinds=kinds)
        self.applications = Applications(
            register=register, kinds=kinds, fictional=profile.fictional, issue=issue, random_bytes=random_bytes
        )
        self.queue = ApplicationQueue(register)
        self.imports = BulkImport(
            folder=imports,
            profile=profile,
            register=register,
            kinds=kinds,
            allocator=allocator,
            issuance=issuance,
            ring=ring,
            root=signers.root.public_key,
            random_bytes=random_bytes,
            publish_new_lists=publish_new_lists,
        )
        self.holders = Holders(register, imports=imports, columns=self.imports.holder_columns)
        self.erasure_log = ErasureLog(
            register=register, path=folder / erasure_log.NAME, secret=signers.allocation, iss=profile.iss
        )
        self.erasing = Erasing(
            register=register,
            alone=self.alone,
            imports=imports,
            columns=self.imports.holder_columns,
            packages=packages,
            log=self.erasure_log,
        )
        self.expiry = Expiry(register=register, kinds=kinds)
        self.sources = PullSources(register=register, kinds=kinds)
        self.approvals = Approvals(
            register=register,
            acts={
                BULK_CHANGE: self.changes,
                CHANGE_LIMITS: self.alone,
                ERASE: self.erasing,
                PULL_SOURCE: self.sources,
                dangerous.BAN_KEY: dangerous.BanKey(iss=profile.iss),
                dangerous.REVERSAL: dangerous.Reversal(),
                dangerous.RELEASE: dangerous.Release(),
            },
            random_bytes=random_bytes,
            publish_change=publish_change,
        )
        self.ring = ring
        self.keys = Keys(
            ring=ring,
            register=register,
            kinds=kinds,
            kept=kept(rows),
            resigning=Resigning(register=register, issue_again=issue_again),
            publish_change=publish_change,
        )
        self.terminals = Terminals(
            profile=profile,
            register=register,
            signer=lambda at: ring.take(KeyUse.TERMINAL, at=at).signer,
            kinds=kinds,
            rows=rows,
        )
        self.sites = Sites(register=register, random_bytes=random_bytes, publish_change=publish_change)
        self.recognition = Recognition(register, profile.region, kinds, rows, publish_change)
        self.withdrawing = Withdrawing(register=register, publish_change=publish_change)

        def terminal_keys() -> Mapping[tuple[str, bytes], TrustAnchor]:
            return ring.anchors(KeyUse.TERMINAL)

        self.enrolments = Enrolments(
            register=register,
            terminals=self.terminals,
            sites=self.sites,
            root_sha256=signers.root.public_key.thumbprint,
            random_bytes=random_bytes,
        )
        self.renewals = Renewals(
            register=register, terminals=self.terminals, terminal_keys=terminal_keys, kinds=kinds, rows=rows
        )
        self.receiving = Receiving(register=register, terminal_keys=terminal_keys)
        self.fleet = Fleet(register)
        self.fleet_tokens = FleetTokens(register=register, random_bytes=random_bytes)
        self.staff = Staff(
            profile=profile,
            register=register,
            signer=lambda at: ring.take(KeyUse.STAFF, at=at).signer,
            publish_change=publish_change,
        )
        self.acts = Acts(
            register=register,
            region=profile.region,
            arrived=lambda after: fleet_rows.rows(register, kind=OFFICERS_ACT, after=after),
            staff_keys=lambda: ring.anchors(KeyUse.STAFF),
            withdrawn=lambda at: frozenset(each.kid for each in self.staff.withdrawn(at=at)),
            alone=self.alone,
            publish_change=publish_change,
        )
        self.offices = Offices(register=register, kinds=kinds, publish_change=publish_change)
        self.mandates = Mandates(
            profile=profile,
            register=register,
            allocator=allocator,
            ring=ring,
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
            ring=ring,
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
        self.wallet_issuing = openid4vci.assemble(
            register=register,
            kinds=kinds,
            fictional=profile.fictional,
            secret=signers.allocation,
            devices=self.devices,
            directory=wallet_directory,
            issue=issue,
            issue_again=issue_again,
            answering=lambda application_id, at: self.applications.answered(application_id, by=WALLET, at=at),
            assurance=lambda licence_id, key, at: self.bindings.assurance(licence_id, key, at=at),
            random_bytes=random_bytes,
        )
        self.application_offers = ApplicationOffers(
            applications=self.applications, offers=self.wallet_issuing.offers, kinds=kinds
        )
        self.following = Following(applications=self.applications, code_of=self.wallet_issuing.receipt_code)
        self.pulling = Pulling(
            profile=profile,
            register=register,
            kinds=kinds,
            issuance=issuance,
            alone=self.alone,
            sources=self.sources,
            random_bytes=random_bytes,
            publish_change=publish_change,
        )
        self.runs = Runs(register=register, secret=signers.allocation, random_bytes=random_bytes)
        self.people = People(
            register=register,
            random_bytes=random_bytes,
            departments=lambda: (
                {word for kind in kinds.values() for word in kind.departments}
                | {each.name for each in self.keys.departments() if each.retired_at is None}
            ),
        )
        self.door = Door(register=register, random_bytes=random_bytes)
        self.overview = Overview(register)
