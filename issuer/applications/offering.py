"""Answers an approved application by an offer: the applicant's phone fetches the licence, which ends it.

1 the application is approved · 2 the offer is of what was approved, and says which application it answers; one is open
at a time · 3 in the transaction of the licence's intent the application becomes issued (`Applications.answered`): if it
was withdrawn, looked at again or issued otherwise by then, the phone gets nothing.
"""

from collections.abc import Mapping

from issuer.applications.errors import ApplicationNotThere
from issuer.applications.reviewing import Applications, State
from issuer.openid4vci.offering import Made, Offers, Wish
from protocol.licence.catalogue import Kind
from protocol.unixtime import UnixTime


class ApplicationOffers:
    """Offers that answer the applications to one authority."""

    def __init__(self, *, applications: Applications, offers: Offers, kinds: Mapping[int, Kind]) -> None:
        self._applications, self._offers, self._kinds = applications, offers, kinds

    def make(
        self,
        application_id: str,
        *,
        tx_code: bool,
        issuer_url: str,
        department: str | None = None,
        by: str,
        at: UnixTime,
    ) -> Made:
        """An offer of what was approved; `department` counts where the application names none.

        Raises:
            ApplicationUnknown, ApplicationNotThere: Nothing was recorded.
            IssuerError: As `Offers.make`.
        """
        # 1
        held = self._applications.one(application_id)
        if held.state is not State.APPROVED:
            raise ApplicationNotThere(f"the application is {held.state}")
        # 2
        wish = Wish(
            kind=self._kinds[held.vct].slug,
            subject=dict(held.subject),
            portrait=held.portrait,
            department=held.department or department,
            tx_code=tx_code,
            application_id=held.id,
        )
        return self._offers.make(wish, issuer_url=issuer_url, actor=by, at=at)
