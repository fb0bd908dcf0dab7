"""Test doubles for apps that embed the wallet. They misbehave by default, as networks, clerks and scanners do.

    from liangzheng_wallet.testing import FakeClock, TestIssuer, VirtualCounter

Everything is invented: persons, authorities, regions. No real terminal trusts any of it: the keys are known.
"""

from wallet_sdk.testing.clock import FakeClock
from wallet_sdk.testing.counter import CounterAnswer, NotRead, VirtualCounter
from wallet_sdk.testing.issuer import IssuerBusy, TestIssuer
from wallet_sdk.testing.scanner import VirtualScanner

__all__ = [
    "CounterAnswer",
    "FakeClock",
    "IssuerBusy",
    "NotRead",
    "TestIssuer",
    "VirtualCounter",
    "VirtualScanner",
]
