"""Why the terminal itself could not do its work: one root, one leaf per reason.

None of these is a verdict. A code that is refused is a `Verdict`; these say that the terminal is broken, was never set
up, or could not reach its issuer, and what a person is to do about it.
"""

from typing import ClassVar


class TerminalError(Exception):
    """The root. Texts say what happened, what it means and what to do; none carries what was read from a code."""

    meaning: ClassVar[str] = "the terminal could not do this"
    advice: ClassVar[str] = "look at `terminal status`"

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__(f"{self.meaning}{f' ({detail})' if detail else ''}; {self.advice}")


class OutOfOrder(TerminalError):
    """The journal row could not be made durable, so there is no verdict to show."""

    meaning = "out of order: the check could not be written down, so no verdict is shown"
    advice = (
        "free disk space or have the disk looked at; the terminal works again with the first row that can be written"
    )


class StatusesNotKept(OutOfOrder):
    """A region's statuses could not be written down. Those that were held stay, answer, and grow old."""

    meaning = "newer status data could not be written to the disk, so the terminal goes on with what it holds"
    advice = "free disk space or have the disk looked at; the next look for newer data tries it again"


class AppraisalBroken(OutOfOrder):
    """The appraisal itself broke down, which is a fault of the program and not of the code."""

    meaning = "out of order: the appraisal broke down, so no verdict is shown"
    advice = "have the code shown again; report it if it happens twice"


class NotATerminal(TerminalError):
    """The directory holds no terminal, or its settings cannot be read."""

    meaning = "this directory holds no terminal that can be used"
    advice = "make one with `liangzheng terminal init DIR --trust FOLDER --profile window`"


class DeviceSettingsUnusable(TerminalError):
    """The file that names the terminal's devices is damaged, or names something that means nothing."""

    meaning = "the devices of this terminal are not named in a way that can be used"
    advice = "set them again with `liangzheng terminal devices DIR …`, or remove devices.toml to have none"


class AlreadyATerminal(TerminalError):
    """The directory holds a terminal already; setting it up anew would throw its journal away."""

    meaning = "this directory holds a terminal already"
    advice = "use another directory, or `terminal sync` for newer documents"


class StoreDamaged(TerminalError):
    """The database cannot be opened or is not one of ours."""

    meaning = "the terminal's database cannot be used"
    advice = (
        "see that the directory can be written to; if it can, keep the files for examination, restore a backup or set"
        " the terminal up in a new directory"
    )


class UnknownCheckNumber(TerminalError):
    """No check with this number stands in the journal, or its content was erased when its time was over."""

    meaning = "no check with this number is in the journal"
    advice = "read the number again; content older than its retention time is gone for good"


class AlreadyVoid(TerminalError):
    """A check can be voided once."""

    meaning = "this check was declared void before"
    advice = "the first void stands with its reason; nothing was added"


class NoPersonCheck(TerminalError):
    """Only a check that may go on after the person was compared waits for that answer."""

    meaning = "this check does not wait for a comparison of the person"
    advice = "follow the verdict as it stands; nothing was added"


class PersonCheckDone(TerminalError):
    """Whether it is this person is answered once."""

    meaning = "for this check the comparison of the person was answered before"
    advice = "the first answer stands; if it was wrong, void the check and have the code shown again"


class KeyUnusable(TerminalError):
    """The terminal's own private key cannot be read or made. Codes that answer no request are read all the same."""

    meaning = "the terminal's own key cannot be used"
    advice = (
        "see that the directory can be read and written by this account; if terminal.key is damaged, move it away: the"
        " next `terminal key` makes a new one, for which the region must give a new certificate"
    )


class CertificateUnusable(TerminalError):
    """The terminal has no certificate with which it may ask or state anything now. Open codes are read all the same."""

    meaning = "the terminal has no certificate that is good now"
    advice = (
        "have the region certify the key that `terminal key DIR` prints, and install the file with"
        " `terminal certificate DIR FILE`; until then there are neither challenges nor receipts"
    )


class RequestRefused(TerminalError):
    """A request that the terminal must not show: no wallet would answer it, or policy forbids asking."""

    meaning = "this cannot be asked for here"
    advice = "ask for fewer items or kinds, and give a reason of 1 to 200 characters"


class TooManyRequests(TerminalError):
    """As many requests are open as there may be at once."""

    meaning = "too many requests are open"
    advice = "cancel one, or wait until one is over; each lives for two minutes at most"


class NoSite(TerminalError):
    """Short codes name their site, and this terminal was set up without one."""

    meaning = "this terminal belongs to no site, so it has no short codes and no neighbours"
    advice = "get the site's four characters from the region and set them with `terminal site DIR CODE`"


class SiteUnusable(TerminalError):
    """A site that no region could have given."""

    meaning = "this is no site"
    advice = "a site has four characters, as the region gives them; letters and digits without U"


class UnknownRequest(TerminalError):
    """The request is closed already, or there never was one."""

    meaning = "no such request is open"
    advice = "it was answered, cancelled or over; open a new one"


class NoReceipt(TerminalError):
    """No receipt can be given for this check (any more)."""

    meaning = "no receipt can be given for this check"
    advice = "receipts are given within ten minutes of a check by the terminal that made it; have the code shown again"


class NoOfficersAct(TerminalError):
    """No act can be signed about this check (any more)."""

    meaning = "no officer's act can be signed about this check"
    advice = "acts are signed within ten minutes of a check by the terminal that made it; have the code shown again"


class ActNeedsOfficer(TerminalError):
    """No officer is on duty, and acts are signed by an officer's own key."""

    meaning = "no officer is on duty at this terminal, so there is nobody who could sign an act"
    advice = "sign on with an officer's staff number; a clerk or supervisor cannot sign one"


class ActNeedsChallenge(TerminalError):
    """The licence was shown without being asked for, so that nothing may be taken away."""

    meaning = "the licence was not shown in answer to a request of this terminal, so it cannot be taken away"
    advice = "ask for the licence (A), have the holder scan the request and show the new code, then sign the act"


class NothingToJoin(TerminalError):
    """No second code can join this check."""

    meaning = "this check cannot take a second licence"
    advice = "a second licence joins the last check alone, within five minutes, and if that check was about one licence"


class ValuesNotForFile(TerminalError):
    """A paper with values was asked for, and policy does not say that the file of this purpose needs them."""

    meaning = "policy does not let the case file of this purpose have what the items said"
    advice = "file the receipt, which names the items and proves that they were shown"


class FetchError(TerminalError):
    """A published document could not be fetched. What is held stays as it is."""

    meaning = "the document could not be fetched"
    advice = "the terminal goes on with what it holds and says how old that is"


class Unreachable(FetchError):
    """No connection, no such host, broken off, or no such file."""

    meaning = "the issuer's published files cannot be reached"


class NameUnknown(Unreachable):
    """The name server knows no such host, or there is no name server: mostly no network at all."""

    meaning = "the network's name service does not find the server"
    advice = "see that the network is there; the terminal goes on with what it holds and says how old that is"


class NotListening(Unreachable):
    """A machine answered that nobody serves there."""

    meaning = "the server refuses connections"


class Redirected(FetchError):
    """The server pointed somewhere else, as sign-in pages of networks do. Redirects are never followed."""

    meaning = "the network answered with a redirect, as sign-in pages (captive portals) do; it was not followed"
    advice = "sign in to the network or use another one; nothing that is held was changed"


class ServerRefused(FetchError):
    """The server answered with an error status."""

    meaning = "the server answered with an error"


class NotPublished(ServerRefused):
    """The issuer's files can be reached, and this one is not among them."""

    meaning = "the document is not among the published files"


class TooLarge(FetchError):
    """The answer is larger than any document of its kind."""

    meaning = "the answer is larger than any document of its kind"
    advice = "nothing that is held was changed; tell the issuer's operator if it stays so"


class TooSlow(FetchError):
    """The answer did not arrive within its total time, or dripped."""

    meaning = "the answer came too slowly and was broken off"


class BundleUnusable(TerminalError):
    """The file on the stick is no bundle, or cannot be read."""

    meaning = "this bundle cannot be taken in"
    advice = "nothing that is held was changed; have the bundle written again"


class DocumentRefused(TerminalError):
    """A fetched document is not taken in. What is held stays as it is."""

    meaning = "the document was refused"
    advice = "nothing that is held was changed; tell the issuer's operator if it stays so"
    came: bytes | None = None
    """What was refused, where it is evidence: signed bytes that should not have been."""


class NotSignedByIssuer(DocumentRefused):
    """The bytes are not a document that the pinned root, or a key it trusts, signed."""

    meaning = "these bytes are not a document that the issuer signed"


class WebPage(NotSignedByIssuer):
    """The bytes are a web page, as sign-in pages of networks answer everything with."""

    meaning = "a web page came instead of the issuer's document, as sign-in pages (captive portals) do"
    advice = "sign in to the network or use another one; nothing that is held was changed"


class OlderThanHeld(DocumentRefused):
    """Sequence number or moment of issue go back: an old copy, by mistake or as an attack."""

    meaning = "the document is older than the one that is held"


class ContradictsHeld(DocumentRefused):
    """The same sequence number and moment with other content: the issuer said two things at once."""

    meaning = "two different documents carry the same number and moment"
    advice = "nothing that is held was changed; report it to the issuer's operator at once"


class ShorterThanHeld(DocumentRefused):
    """A status list that lost its end: licences that stand there would look as if they never had a status."""

    meaning = "the list has fewer entries than the one that is held"


class JumpsAhead(DocumentRefused):
    """A sequence number that no honest issuer reaches, or a moment that has not come yet."""

    meaning = "the document's number or moment is too far ahead"
    advice = "check this terminal's clock first; nothing that is held was changed"


class FromTheFuture(JumpsAhead):
    """A moment ahead of this terminal's estimate that no second source confirms: kept out until one does."""

    meaning = "the status data claim to come from the future"


class Equivocated(DocumentRefused):
    """The region's status key signed two histories. Neither is applied; both are kept as evidence."""

    meaning = "the region signed two different states for one place of its status feed"
    advice = "report it to the region at once; the terminal goes on with what it holds and says how old that is"

    def __init__(self, detail: str, *, held: bytes, came: bytes) -> None:
        super().__init__(detail)
        self.held = held
        self.came = came


class FeedRefused(DocumentRefused):
    """What the feed offers does not lead from what is held to what was signed, or changes what it must not."""

    meaning = "the status data were refused"


class ForbiddenChange(FeedRefused):
    """The region's status key signed what only the offline key may: an end of a final status, or a mass of changes."""

    meaning = "the status data change what they must not without the region's offline key"
    advice = "report it to the region at once; the terminal goes on with what it holds and says how old that is"


class NewerEpoch(FeedRefused):
    """The feed has begun anew, and the root's document that says so has not come yet."""

    meaning = "the status feed has begun anew, and the region's root has not said so yet"
    advice = "the region's documents are fetched next; if it stays so, report it to the region"


class RepositoryRefused(DocumentRefused):
    """The trust metadata are not what the pinned root leads to."""

    meaning = "the trust metadata were refused"


class RootMismatch(DocumentRefused):
    """The root key offered is not the pinned one."""

    meaning = "the root key is not the one that this terminal was told to trust"
    advice = "get the root's SHA-256 from the issuer by a separate way and compare"


class ServiceNoticeRefused(TerminalError):
    """A kiosk is taken out of service with a reason that staff can read."""

    meaning = "the kiosk was not taken out of service"
    advice = "give a reason for the colleagues who find it so"


class OutboxFull(TerminalError):
    """As many rows wait for the operator as may; an officer's act is taken all the same."""

    meaning = "too much waits for the operator's server, so this was not added"
    advice = "see that the terminal reaches its operator (`terminal status`); nothing that waits was lost"


class OutboxRefused(TerminalError):
    """A row that no operator would take: a fault of the program."""

    meaning = "this cannot be sent to the operator"
    advice = "report it: the program made a row that has not its form"


class BackupFailed(TerminalError):
    """No backup was written, or nothing was restored."""

    meaning = "the backup could not be written or restored, and nothing has changed"
    advice = "give a new file on another disk and a passphrase; restore into a new directory"


class BackupDamaged(BackupFailed):
    """The file is not what was written, or the passphrase is another one."""

    meaning = "this backup does not open"
    advice = "check the passphrase; if it is right, take an older backup: this file has changed since it was written"
