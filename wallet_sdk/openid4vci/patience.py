"""Asks again where an answer did not come: a network drops, cuts short and delays, and an issuer may be busy.

    patient = Patient(exchange, sleep=time.sleep)
    card = openid4vci.accept(wallet, offer, patient, tx_code="123456")

Every request of issuing may be sent twice: an issuer answers the same keys the same, and what carries a nonce that was
used up meanwhile is proven anew (`accepting.proven`). The one exception is the token's: a code is good once (OpenID4VCI
1.0 section 4.1.1), so where the answer to it was lost the issuer refuses the second, and the holder needs a new offer.
"""

from dataclasses import dataclass
from typing import Final

from wallet_sdk.openid4vci.errors import IssuerUnreachable
from wallet_sdk.openid4vci.transport import Answer, Request, Transport
from wallet_sdk.ports import Sleep

BUSY: Final = frozenset({429, 503})
"""RFC 6585 section 4 and RFC 9110 section 15.6.4: for now, not for good."""
LONGEST_WAIT_SECONDS: Final = 10
"""A holder who looks at a screen waits so long for one answer; whoever is told to wait longer is told so."""


@dataclass(frozen=True, slots=True)
class Patient:
    """A transport over another one.

    Attributes:
        transport: The network.
        sleep: Waits so many seconds; an application brings what its event loop has.
        tries: How often one request is sent at most.
        first_wait: Seconds before the second time; twice as long before each later one.
    """

    transport: Transport
    sleep: Sleep
    tries: int = 5
    first_wait: float = 0.5

    def __call__(self, request: Request) -> Answer:
        """The first answer that is one, or the last. Raises: IssuerUnreachable: None came, however often."""
        for tried in range(self.tries - 1):
            wait = min(self.first_wait * 2**tried, LONGEST_WAIT_SECONDS)
            try:
                answer = self.transport(request)
            except IssuerUnreachable:
                self.sleep(wait)
                continue
            if answer.status not in BUSY or (answer.retry_after or 0) > LONGEST_WAIT_SECONDS:
                return answer
            self.sleep(wait if answer.retry_after is None else answer.retry_after)
        return self.transport(request)
