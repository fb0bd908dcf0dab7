"""The door of the console: every way to begin, prove and end a session, over one register."""

from issuer.draws import RandomBytes
from issuer.people.attempts import Attempts
from issuer.people.passkeys import Passkeys
from issuer.people.sessions import Sessions
from issuer.people.settings import ConsoleSettings
from issuer.people.single_sign_on import SingleSignOn
from issuer.register import Register

CAME_BACK: str = "/console/came-back"
"""Where a single sign-on sends the browser back to; it has to know this address."""


class Door:
    """The door of one authority."""

    def __init__(self, *, register: Register, random_bytes: RandomBytes) -> None:
        self._register, self._random_bytes = register, random_bytes
        self.attempts = Attempts(register=register, random_bytes=random_bytes)
        self.passkeys = Passkeys(register=register, random_bytes=random_bytes)
        self.sessions = Sessions(register=register, random_bytes=random_bytes)

    def single_sign_on(self, settings: ConsoleSettings) -> SingleSignOn | None:
        """The one that the settings name; None: there is none."""
        if settings.provider is None:
            return None
        return SingleSignOn(
            settings.provider,
            register=self._register,
            random_bytes=self._random_bytes,
            come_back_to=settings.origin + CAME_BACK,
        )
