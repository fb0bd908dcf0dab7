"""The TypeScript verifier, built as the wallet is: once, from the lock file."""

from tests.wallet_js.conftest import built, packages

__all__ = ["built", "packages"]
