"""Why a licence is not shown any more, as its issuer has told this wallet (`told.py`). As in `errors.py`."""

from protocol.licence.catalogue import Names
from wallet_sdk.errors import WalletError


class LicenceRevoked(WalletError):
    """Its issuer has told that it was revoked, withdrawn, cancelled or invalid: every terminal refuses it."""

    code = "LICENCE_REVOKED"
    meaning = "the licence is not in force any more, as its issuer has told"
    hint = "ask the issuing authority why (`wallet.pack.offices`); `openid4vci.notices` says if it is in force again"
    texts = Names(
        "此证照已被撤销或注销，不能出示。请联系发证机关。",
        "此證照已被撤銷或註銷，不能出示。請聯絡發證機關。",
        "This licence has been revoked and cannot be shown. Please ask the issuing authority.",
    )


class DeviceReportedLost(WalletError):
    """This device was reported lost (挂失): what it holds of this licence is refused everywhere, for good."""

    code = "DEVICE_REPORTED_LOST"
    meaning = "this device was reported lost, so what it holds of this licence is refused everywhere"
    hint = "make a new wallet (`Wallet.restore` has a fresh device key) and have the licence bound to it"
    texts = Names(
        "本机已被挂失，此证照不能在本机出示。",
        "本機已被掛失，此證照不能在本機出示。",
        "This phone was reported lost, so this licence cannot be shown on it.",
    )
