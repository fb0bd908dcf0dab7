"""Why the wallet cannot do something: one root exception, one leaf for each cause.

Every leaf has a stable `code`, a technical `message`, a `hint` for the integrator, whether trying the same again later
makes sense (`retryable`), and a text for the holder in three languages. No text carries a value of a licence.
"""

from enum import StrEnum
from typing import ClassVar, assert_never

from protocol.errors import ProtocolError
from protocol.licence.catalogue import Names


class Language(StrEnum):
    """Languages in which a holder is spoken to (BCP 47)."""

    ZH_HANS = "zh-Hans"
    ZH_HANT = "zh-Hant"
    EN = "en"


def in_language(names: Names, language: Language) -> str:
    """The one of three texts that this holder reads."""
    match language:
        case Language.ZH_HANS:
            return names.zh_hans
        case Language.ZH_HANT:
            return names.zh_hant
        case Language.EN:
            return names.en
        case _:
            assert_never(language)


class WalletError(Exception):
    """The root: whatever the wallet cannot do. Nothing built-in leaks out of the package.

    Attributes:
        message: What happened, for logs and integrators.
        detail: The part of it that belongs to this one case; empty if there is none.
    """

    code: ClassVar[str]
    meaning: ClassVar[str]
    hint: ClassVar[str]
    retryable: ClassVar[bool] = False
    texts: ClassVar[Names]

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__(f"{self.meaning}: {detail}" if detail else self.meaning)

    @property
    def message(self) -> str:
        return str(self)

    def user_text(self, language: Language | str) -> str:
        """The sentence for the holder, in a language of `Language`.

        Raises:
            ValueError: there is no such language.
        """
        return in_language(self.texts, Language(language))


# The vault.


class VaultExists(WalletError):
    """`create` was called for a folder that holds a wallet; overwriting it would lose the device key for ever."""

    code = "WALLET_EXISTS"
    meaning = "this folder holds a wallet already"
    hint = "open it, or choose another folder"
    texts = Names("此处已有钱包。", "此處已有錢包。", "There is a wallet here already.")


class VaultMissing(WalletError):
    """There is no wallet in this folder."""

    code = "WALLET_MISSING"
    meaning = "there is no wallet in this folder"
    hint = "check the folder, or make a wallet with `wallet init`"
    texts = Names("找不到钱包。", "找不到錢包。", "No wallet was found here.")


class PassphraseNeeded(WalletError):
    """The vault is locked by a passphrase and none was given."""

    code = "WALLET_PASSPHRASE_NEEDED"
    meaning = "this wallet is locked by a passphrase, and none was given"
    hint = "ask the holder for the passphrase and open the wallet with it"
    texts = Names("请输入钱包口令。", "請輸入錢包密碼。", "Please enter the wallet's passphrase.")


class PassphraseEmpty(WalletError):
    """A passphrase without a character; it would protect nothing."""

    code = "WALLET_PASSPHRASE_EMPTY"
    meaning = "the passphrase is empty"
    hint = "choose one, or give none at all to use a key file"
    texts = Names("口令不能为空。", "密碼不能為空。", "The passphrase must not be empty.")


class PassphraseWrong(WalletError):
    """The passphrase does not open this vault."""

    code = "WALLET_PASSPHRASE_WRONG"
    meaning = "the passphrase does not open this wallet"
    hint = "ask again; the file itself is whole (or was changed on purpose by somebody without the passphrase)"
    retryable = True
    texts = Names("口令不正确。", "密碼不正確。", "The passphrase is not correct.")


class KeyFileMissing(WalletError):
    """The vault is locked by a key file that is not there, or not its own."""

    code = "WALLET_KEY_FILE"
    meaning = "the key file of this wallet is missing or belongs to another wallet"
    hint = (
        "put wallet.key back beside wallet.vault; without it the wallet cannot be opened, and licences are issued anew"
    )
    texts = Names("钱包密钥文件缺失，无法打开。", "錢包金鑰檔案遺失，無法開啟。", "The wallet's key file is missing.")


class WalletLocked(WalletError):
    """`lock` was called; nothing of the wallet is in memory any more."""

    code = "WALLET_LOCKED"
    meaning = "this wallet has been locked"
    hint = "open it anew (`Wallet.open`)"
    texts = Names("钱包已锁定。", "錢包已鎖定。", "The wallet is locked.")


class VaultDamaged(WalletError):
    """The file is not what was written."""

    code = "WALLET_DAMAGED"
    meaning = "the wallet's file is damaged"
    hint = "restore wallet.vault from a backup, or make a new wallet and have the licences issued again"
    texts = Names("钱包文件已损坏。", "錢包檔案已損毀。", "The wallet's file is damaged.")


class VaultTooNew(WalletError):
    """A later version of this software wrote the file."""

    code = "WALLET_TOO_NEW"
    meaning = "the wallet's file was written by a later version of this software"
    hint = "update the software; nothing was changed"
    texts = Names("请先更新应用再打开钱包。", "請先更新應用程式再開啟錢包。", "Update the app to open this wallet.")


class VaultBusy(WalletError):
    """Another process is changing the wallet just now."""

    code = "WALLET_BUSY"
    meaning = "another process is changing this wallet"
    hint = "try again in a moment"
    retryable = True
    texts = Names("钱包正在使用中，请稍候。", "錢包正在使用中，請稍候。", "The wallet is busy; please wait a moment.")


class VaultUnreadable(WalletError):
    """The operating system does not let the wallet's files be read."""

    code = "WALLET_UNREADABLE"
    meaning = "the wallet's files cannot be read"
    hint = "check the folder's permissions and the disk"
    retryable = True
    texts = Names("无法读取钱包。", "無法讀取錢包。", "The wallet cannot be read.")


class VaultNotWritten(WalletError):
    """The disk is full or refuses; what was stored before is still there, unchanged."""

    code = "WALLET_NOT_WRITTEN"
    meaning = "the wallet could not be written; what was in it before is unchanged"
    hint = "free some space or check the permissions, then try again"
    retryable = True
    texts = Names("无法保存，请检查存储空间。", "無法儲存，請檢查儲存空間。", "Could not save; check the free space.")


# Receiving a licence package.


class ReceiveError(WalletError):
    """A licence package was not accepted; nothing of it was stored.

    Attributes:
        reason: The protocol's own refusal, if it was one.
    """

    def __init__(self, detail: str = "", *, reason: ProtocolError | None = None) -> None:
        self.reason = reason
        super().__init__(detail if reason is None else f"{detail} {reason.code}: {reason}".strip())


_REFUSED = Names(
    "证照包未通过检查，未保存。请联系发证机关。",
    "證照包未通過檢查，未儲存。請聯絡發證機關。",
    "This licence did not pass the checks and was not saved. Please ask the issuing authority.",
)
_ISSUE_AGAIN = "ask the issuer for a new package; if it happens again, report it to the issuer"


class PackageMalformed(ReceiveError):
    """The bytes are no licence package."""

    code = "PACKAGE_MALFORMED"
    meaning = "this is not a licence package"
    hint = "check that the file is the one that the issuer made (`issuer issue --out FILE`)"
    texts = Names("这不是有效的证照文件。", "這不是有效的證照檔案。", "This is not a licence file.")


class RootUnexpected(ReceiveError):
    """The package comes from another root than the one that the caller expects."""

    code = "PACKAGE_ROOT_UNEXPECTED"
    meaning = "the package's root key is not the expected one"
    hint = "compare the root's SHA-256 with the one that the authority publishes"
    texts = _REFUSED


class RootChanged(ReceiveError):
    """The region is known to this wallet under another root key."""

    code = "PACKAGE_ROOT_CHANGED"
    meaning = "the region's root key is not the one that this wallet has known since its first package"
    hint = (
        "somebody may be imitating the authority; accept a new root only in a new wallet, after comparing its SHA-256"
    )
    texts = Names(
        "发证根密钥与此前不同，可能有人冒充发证机关，未保存。",
        "發證根金鑰與此前不同，可能有人冒充發證機關，未儲存。",
        "The authority's key has changed. Somebody may be imitating it; nothing was saved.",
    )


class DirectoryRefused(ReceiveError):
    """The wallet directory in the package is not what its root signed."""

    code = "PACKAGE_DIRECTORY_REFUSED"
    meaning = "the wallet directory is not validly signed by the root"
    hint = _ISSUE_AGAIN
    texts = _REFUSED


class DirectoryExpired(ReceiveError):
    """The newest known directory of the region is too old to check a licence with."""

    code = "PACKAGE_DIRECTORY_EXPIRED"
    meaning = "the wallet directory is out of date"
    hint = "check this device's clock; ask the issuer for a package made today"
    retryable = True
    texts = Names(
        "证照包已过时，请重新领取。", "證照包已過時，請重新領取。", "This licence file is out of date; get a new one."
    )


class CredentialMalformed(ReceiveError):
    """A credential in the package breaks the rules of its form."""

    code = "PACKAGE_CREDENTIAL_MALFORMED"
    meaning = "a credential in the package breaks the rules of its form"
    hint = _ISSUE_AGAIN
    texts = _REFUSED


class IssuerUnknown(ReceiveError):
    """The directory has no assertion key for the credential's (iss, kid)."""

    code = "PACKAGE_ISSUER_UNKNOWN"
    meaning = "the region's directory does not know the key that signed this licence"
    hint = _ISSUE_AGAIN
    texts = _REFUSED


class RegionMismatch(ReceiveError):
    """The root of one region vouches for an issuer of another."""

    code = "PACKAGE_REGION_MISMATCH"
    meaning = "the licence's issuer is of another region than the root that vouches for it"
    hint = _ISSUE_AGAIN
    texts = _REFUSED


class IssuerSignatureWrong(ReceiveError):
    """The issuer's signature does not fit."""

    code = "PACKAGE_SIGNATURE_WRONG"
    meaning = "the issuer's signature does not fit"
    hint = _ISSUE_AGAIN
    texts = _REFUSED


class KindUnknown(ReceiveError):
    """The directory's catalogue has no such kind of licence."""

    code = "PACKAGE_KIND_UNKNOWN"
    meaning = "the region's catalogue does not know this kind of licence"
    hint = _ISSUE_AGAIN
    texts = _REFUSED


class ForeignDevice(ReceiveError):
    """The credential is bound to another device's key."""

    code = "PACKAGE_FOREIGN_DEVICE"
    meaning = "the licence is bound to another device's key"
    hint = "give the issuer this wallet's key (`wallet key`) and have the licence issued again"
    texts = Names("此证照属于另一台设备。", "此證照屬於另一台裝置。", "This licence was issued to another device.")


class DisclosuresWrong(ReceiveError):
    """A disclosure without its hash, twice, or malformed (SD-CWT section 9 step 8)."""

    code = "PACKAGE_DISCLOSURES_WRONG"
    meaning = "the disclosures do not belong to the licence"
    hint = _ISSUE_AGAIN
    texts = _REFUSED


class DisclosureMissing(ReceiveError):
    """A redacted hash without its disclosure: the holder could not see what the issuer states about them."""

    code = "PACKAGE_DISCLOSURE_MISSING"
    meaning = "the issuer kept a disclosure back"
    hint = _ISSUE_AGAIN
    texts = _REFUSED


class ItemsWrong(ReceiveError):
    """An item that the catalogue does not name, or a value that it does not allow."""

    code = "PACKAGE_ITEMS_WRONG"
    meaning = "the licence's items are not those of its kind"
    hint = _ISSUE_AGAIN
    texts = _REFUSED


class GroupInconsistent(ReceiveError):
    """The credentials of one package do not state one licence with one status index."""

    code = "PACKAGE_GROUP_INCONSISTENT"
    meaning = "the package's credentials do not belong to one licence"
    hint = _ISSUE_AGAIN
    texts = _REFUSED


class MandateWrong(ReceiveError):
    """A mandate that contradicts its own scope: every terminal would refuse it."""

    code = "PACKAGE_MANDATE_WRONG"
    meaning = "the mandate is for another kind or region than the licence that it carries"
    hint = _ISSUE_AGAIN
    texts = _REFUSED


class PortraitWrong(ReceiveError):
    """The portrait is not the one whose digest the issuer signed."""

    code = "PACKAGE_PORTRAIT_WRONG"
    meaning = "the portrait is not the one that the issuer signed"
    hint = _ISSUE_AGAIN
    texts = _REFUSED


class PackageExpired(ReceiveError):
    """A credential's technical life is over."""

    code = "PACKAGE_EXPIRED"
    meaning = "the package's credentials have expired"
    hint = "check this device's clock; ask the issuer for a new package"
    texts = Names(
        "证照包已过期，请重新领取。", "證照包已過期，請重新領取。", "This licence file has expired; get a new one."
    )


class PackageFromFuture(ReceiveError):
    """A credential says that it will be issued later than now."""

    code = "PACKAGE_FROM_FUTURE"
    meaning = "the package's credentials are dated in the future"
    hint = "check this device's clock"
    retryable = True
    texts = Names("请检查手机时间是否正确。", "請檢查手機時間是否正確。", "Please check this device's date and time.")


class PackageOlder(ReceiveError):
    """The wallet holds a later edition of this licence."""

    code = "PACKAGE_OLDER"
    meaning = "the wallet holds a later edition of this licence"
    hint = "nothing is to be done"
    texts = Names("钱包中已有更新的版本。", "錢包中已有更新的版本。", "The wallet has a newer version already.")


class LicenceIdTaken(ReceiveError):
    """Another licence in this wallet has the same id."""

    code = "PACKAGE_ID_TAKEN"
    meaning = "another licence in this wallet has the same id"
    hint = _ISSUE_AGAIN
    texts = _REFUSED


class DownloadFailed(ReceiveError):
    """The package could not be fetched."""

    code = "PACKAGE_DOWNLOAD"
    meaning = "the package could not be fetched"
    hint = "check the address and the network, then try again"
    retryable = True
    texts = Names("下载失败，请检查网络。", "下載失敗，請檢查網路。", "The download failed; check the network.")


# Choosing and showing.


class LicenceNotFound(WalletError):
    """No licence in the wallet answers to that name."""

    code = "LICENCE_NOT_FOUND"
    meaning = "no licence in this wallet has that id or kind"
    hint = "list the licences with `wallet list`"
    texts = Names("找不到该证照。", "找不到該證照。", "This licence is not in the wallet.")


class LicenceAmbiguous(WalletError):
    """Several licences answer to that name."""

    code = "LICENCE_AMBIGUOUS"
    meaning = "several licences answer to that name"
    hint = "give more characters of the id"
    texts = Names("有多张证照符合，请选择一张。", "有多張證照符合，請選擇一張。", "Several licences match; choose one.")


class PurposeNotOffered(WalletError):
    """The region has no rule for showing this kind for this purpose."""

    code = "PURPOSE_NOT_OFFERED"
    meaning = "this licence is not shown for this purpose"
    hint = "choose one of the purposes that the message names"
    texts = Names("此证照不能用于该场合。", "此證照不能用於該場合。", "This licence is not used for this purpose.")


class ItemUnknown(WalletError):
    """A name that no item of this licence has."""

    code = "ITEM_UNKNOWN"
    meaning = "this licence has no such item"
    hint = "use the names that the message lists"
    texts = Names("此证照没有该项目。", "此證照沒有該項目。", "This licence has no such item.")


class ItemBeyondPurpose(WalletError):
    """An item that nobody may ask for with this purpose."""

    code = "ITEM_BEYOND_PURPOSE"
    meaning = "this purpose may not ask for that item"
    hint = "leave the item out, or show the licence for another purpose"
    texts = Names("该场合无权查看此项目。", "該場合無權查看此項目。", "This purpose may not see that item.")


class ItemsInseparable(WalletError):
    """Showing the wanted items would let others out that nobody agreed to."""

    code = "ITEMS_INSEPARABLE"
    meaning = "these items cannot be shown without others"
    hint = "ask the holder for the other items too, or leave these out"
    texts = Names("所选项目无法单独出示。", "所選項目無法單獨出示。", "These items cannot be shown on their own.")


class ConsentMissing(WalletError):
    """Nobody decided; nothing was signed."""

    code = "CONSENT_MISSING"
    meaning = "there is no decision by the holder, so nothing was signed"
    hint = "make a request with `wallet.request`, show it, and pass `request.approve()`"
    texts = Names("请先确认要出示的内容。", "請先確認要出示的內容。", "Please confirm first what is shown.")


class ConsentMismatch(WalletError):
    """The decision is about another licence, purpose or edition; nothing was signed."""

    code = "CONSENT_MISMATCH"
    meaning = "the holder's decision is about something else, so nothing was signed"
    hint = "make a new request for this licence and purpose"
    texts = Names("请重新确认要出示的内容。", "請重新確認要出示的內容。", "Please confirm again what is shown.")


class LicenceNotYet(WalletError):
    """The licence begins later."""

    code = "LICENCE_NOT_YET"
    meaning = "the licence is not valid yet"
    hint = "wait for its first day, or check this device's clock"
    texts = Names("证照尚未生效。", "證照尚未生效。", "This licence is not valid yet.")


class LicenceExpired(WalletError):
    """The licence's legal end has passed."""

    code = "LICENCE_EXPIRED"
    meaning = "the licence has expired"
    hint = "the holder renews it with the issuing authority"
    texts = Names("证照已过期，请换证。", "證照已過期，請換證。", "This licence has expired; please renew it.")


class GroupRefused(WalletError):
    """A group's name that cannot be shown on a page."""

    code = "GROUP_NAME"
    meaning = "the group's name is empty, too long, or no plain text"
    hint = "1 to 24 characters, without spaces around them and without control characters"
    texts = Names("分组名称不可用。", "分組名稱不可用。", "Choose another name for this group.")


class LicenceUnbound(WalletError):
    """The licence came back from a backup and is bound to the key of another device."""

    code = "LICENCE_UNBOUND"
    meaning = "the licence is bound to another device's key"
    hint = "have it bound to this device (an offer of the issuer, or its counter), then receive it again"
    texts = Names(
        "此证照尚未绑定本机，请重新绑定后再出示。",
        "此證照尚未綁定本機，請重新綁定後再出示。",
        "This licence is not bound to this phone yet. Have it bound anew, then show it.",
    )


class CredentialExpired(WalletError):
    """The licence stands, but its credentials on this device are out of date."""

    code = "CREDENTIAL_EXPIRED"
    meaning = "the licence's credentials on this device are out of date"
    hint = "receive a new package from the issuer"
    texts = Names("请联网更新证照后再出示。", "請連線更新證照後再出示。", "Update this licence before showing it.")


class CodeTooLarge(WalletError):
    """The items do not fit one code."""

    code = "CODE_TOO_LARGE"
    meaning = "the chosen items do not fit one code"
    hint = "show fewer items or licences at once, or as moving pictures (`showing.animated()`)"
    texts = Names(
        "所选内容过多，请减少项目。", "所選內容過多，請減少項目。", "Too much for one code; show fewer items."
    )


class RedrawIntervalWrong(WalletError):
    """`every` is not 15 to 30 seconds."""

    code = "REDRAW_INTERVAL"
    meaning = "a code is redrawn every 15 to 30 seconds"
    hint = "leave `every` at 30"
    texts = Names("应用设置有误。", "應用程式設定有誤。", "The app is set up wrongly.")


class ShowingClosed(WalletError):
    """The showing is over; its code is not drawn any more."""

    code = "SHOWING_CLOSED"
    meaning = "this showing has been closed"
    hint = "start a new one with `wallet.show`"
    texts = Names("出示已结束。", "出示已結束。", "This showing is over.")


class PresentationRefused(WalletError):
    """The device key or the protocol refused to make the presentation."""

    code = "PRESENTATION_REFUSED"
    meaning = "the presentation could not be made"
    hint = "receive the licence again; if it happens again, report the message"
    texts = Names("无法出示，请重新领取证照。", "無法出示，請重新領取證照。", "Cannot be shown; get the licence again.")


class InputUnusable(WalletError):
    """A file or word that the caller gave cannot be used."""

    code = "INPUT_UNUSABLE"
    meaning = "what was given cannot be used"
    hint = "correct it and try again"
    texts = Names("输入有误，请更正。", "輸入有誤，請更正。", "Please correct what was entered.")
