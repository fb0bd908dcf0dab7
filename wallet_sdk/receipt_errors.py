"""Why the wallet does not keep a receipt, or cannot find one: one leaf for each cause, as in `errors.py`."""

from protocol.licence.catalogue import Names
from wallet_sdk.errors import WalletError


class ReceiptMalformed(WalletError):
    """What was given is no holder's copy."""

    code = "RECEIPT_MALFORMED"
    meaning = "this is not a holder's copy of a receipt"
    hint = "scan the code in the terminal's receipt dialog (LR1:), or give the file that it saves as the holder's copy"
    texts = Names("这不是核验回执的持证人副本。", "這不是核驗回執的持證人副本。", "This is not your copy of a receipt.")


class ReceiptUntrusted(WalletError):
    """No terminal that this wallet knows signed it, or somebody changed it."""

    code = "RECEIPT_UNTRUSTED"
    meaning = "this receipt is not signed by a terminal that this wallet knows"
    hint = "take the region's newest directory (`wallet directory`); if it is still refused, ask the office named on it"
    texts = Names(
        "无法核实这份核验回执，未保存。",
        "無法核實這份核驗回執，未儲存。",
        "This receipt cannot be verified, so it was not kept.",
    )


class ReceiptOfAnother(WalletError):
    """It is good, and about nothing that this wallet holds: somebody else's copy, or a receipt without its keys."""

    code = "RECEIPT_OF_ANOTHER"
    meaning = "this receipt vouches for nothing that this wallet holds"
    hint = "keep it in the wallet whose licence was shown; it proves nothing here"
    texts = Names(
        "这份核验回执不是您的证照的，未保存。",
        "這份核驗回執不是您的證照的，未儲存。",
        "This receipt is not about your licences, so it was not kept.",
    )


class ReceiptNotFound(WalletError):
    """No receipt that is kept is meant, or several are."""

    code = "RECEIPT_NOT_FOUND"
    meaning = "no one receipt is meant"
    hint = "`wallet.receipts.listed()` names them"
    texts = Names("没有这份核验回执。", "沒有這份核驗回執。", "There is no such receipt.")


class TooManyReceipts(WalletError):
    """As many receipts are kept as may be."""

    code = "RECEIPTS_FULL"
    meaning = "no more receipts can be kept"
    hint = "remove some of the old ones with `wallet.receipts.forget`"
    texts = Names(
        "核验回执已满，请先删除旧的。",
        "核驗回執已滿，請先刪除舊的。",
        "There is no room for more receipts: remove old ones.",
    )
