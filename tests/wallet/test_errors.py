"""Every cause has its own code, a hint, and three texts for the holder; and the package stays small."""

import subprocess
import sys
from pathlib import Path

import pytest

from wallet_sdk import Language, WalletError, errors
from wallet_sdk.errors import ReceiveError
from wallet_sdk.key_stores import KeyStoreError
from wallet_sdk.openid4vci import OfferError
from wallet_sdk.request_errors import RequestError

ROOT = Path(__file__).resolve().parents[2]


BRANCHES = (ReceiveError, RequestError, KeyStoreError, OfferError)


def leaves(of: type[WalletError]) -> list[type[WalletError]]:
    children = of.__subclasses__()
    return [leaf for child in children for leaf in (*([child] if child not in BRANCHES else ()), *leaves(child))]


LEAVES = leaves(WalletError)


@pytest.mark.parametrize("leaf", LEAVES, ids=[leaf.__name__ for leaf in LEAVES])
def test_every_error_says_what_happened_and_what_to_do(leaf: type[WalletError]) -> None:
    error = leaf("a detail")
    assert error.code == error.code.upper()
    assert error.message == f"{leaf.meaning}: a detail"
    assert error.hint
    assert isinstance(error.retryable, bool)
    texts = [error.user_text(language) for language in Language]
    assert all(texts)
    assert error.user_text("en").isascii()
    assert not any(text.isascii() for text in texts[:2])
    assert "a detail" not in "".join(texts)
    with pytest.raises(ValueError, match="tlh"):
        error.user_text("tlh")


def test_no_two_errors_share_a_code() -> None:
    assert len({leaf.code for leaf in LEAVES}) == len(LEAVES) > 60
    assert all(leaf.__doc__ for leaf in LEAVES)


def test_showing_needs_no_network_no_command_line_and_no_imaging_library() -> None:
    # In a process of its own: this one has loaded everything already.
    program = (
        "import sys\n"
        "for name in ('PIL', 'click', 'rich', 'flask', 'numpy', 'urllib3', 'http.client', 'urllib.request'):\n"
        "    sys.modules[name] = None\n"
        "import wallet_sdk\n"
        "from wallet_sdk import drawing\n"
        "assert drawing.png(drawing.modules('LZ1:AB'))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_protocol_refusals_keep_their_code() -> None:
    from protocol.errors import Base45Error

    error = errors.PackageMalformed(reason=Base45Error("odd"))
    assert error.reason is not None
    assert error.message == "this is not a licence package: E_B45: odd"
