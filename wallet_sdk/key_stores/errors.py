"""Why a device key that is kept outside the wallet's file cannot be used. Nothing was signed in any of these cases."""

from protocol.licence.catalogue import Names
from wallet_sdk.errors import WalletError


class KeyStoreError(WalletError):
    """The device key cannot be used."""


class KeyStoreMissing(KeyStoreError):
    """The wallet was opened without the store that its key is kept in."""

    code = "KEY_STORE_MISSING"
    meaning = "this wallet's device key is kept in a key store that was not given"
    hint = "open the wallet with `key_store=`, the store of this name"
    texts = Names("请在原来的应用中打开钱包。", "請在原來的應用程式中開啟錢包。", "Open the wallet in its own app.")


class KeyStoreUnexpected(KeyStoreError):
    """A store was given and the key is in the wallet's own file: it is not kept as well as the app believes."""

    code = "KEY_STORE_UNEXPECTED"
    meaning = "this wallet's device key lies in its own file and not in the key store that was given"
    hint = "open it without `key_store=`, or make a new wallet with the store and have the licences issued to it"
    texts = Names("钱包密钥的保存方式不符。", "錢包金鑰的保存方式不符。", "The wallet's key is kept in another way.")


class KeyStoreUnusable(KeyStoreError):
    """The store itself is not there: no keyring service, no token in the reader, a library that is not installed."""

    code = "KEY_STORE_UNUSABLE"
    meaning = "the key store cannot be reached"
    hint = "see the detail; plug the token in, start the keyring service, or install the extra that the store needs"
    retryable = True
    texts = Names(
        "无法使用密钥存储，请检查后重试。", "無法使用金鑰儲存，請檢查後重試。", "The key store cannot be reached."
    )


class KeyGone(KeyStoreError):
    """The store no longer has the key: removed, invalidated by a new fingerprint, or another one in its place."""

    code = "KEY_GONE"
    meaning = "the device key is no longer in its key store"
    hint = "the licences are bound to it and cannot be shown any more: make a new wallet and have them bound anew"
    texts = Names(
        "设备密钥已失效，请重新绑定证照。",
        "裝置金鑰已失效，請重新綁定證照。",
        "This device's key is no longer valid. Have your licences bound to it anew.",
    )


class KeyLocked(KeyStoreError):
    """The store is locked, or a wrong PIN was given."""

    code = "KEY_LOCKED"
    meaning = "the device key is locked"
    hint = "have the holder unlock the device, the keyring or the token, then try again"
    retryable = True
    texts = Names("请先解锁设备，再试一次。", "請先解鎖裝置，再試一次。", "Unlock the device, then try again.")


class KeyDeclined(KeyStoreError):
    """The holder did not let the key sign."""

    code = "KEY_DECLINED"
    meaning = "the holder did not confirm the use of the device key"
    hint = "go back to the consent sheet; ask again only when the holder wants to"
    retryable = True
    texts = Names("您已取消，没有出示任何内容。", "您已取消，沒有出示任何內容。", "Cancelled. Nothing was shown.")


class KeyFailed(KeyStoreError):
    """The store raised something else, or gave a signature that is none of this key."""

    code = "KEY_FAILED"
    meaning = "the device key did not give a signature of its own"
    hint = (
        "a P-256 signature is r and s of 32 bytes each, or DER, over SHA-256 of the message; an Ed25519 signature "
        "is over the message itself; the message must not be changed on its way through a bridge"
    )
    retryable = True
    texts = Names("签名失败，请重试。", "簽章失敗，請重試。", "Signing failed; please try again.")
