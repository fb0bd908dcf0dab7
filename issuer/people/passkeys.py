"""Passkeys (WebAuthn level 3): what a browser is asked, and whether what it answers proves who it is.

Guaranteed: a proof is for this challenge, this origin and this place (relying party), made by a registered key, with
the person's PIN or finger (user verification); a counter that goes back is refused. Nobody types a name, so nothing
tells who works here. The proof itself is checked by py_webauthn.
"""

import json
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import insert, select, update
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from issuer.audit import trail
from issuer.draws import RandomBytes
from issuer.people.attempts import Attempt, Way
from issuer.people.errors import PersonUnknown, SignInRefused
from issuer.people.register import MAX_PASSKEYS, Person, demand_enabled, use_invitation
from issuer.people.schema import passkey
from issuer.people.sessions import open_session
from issuer.register import Register
from protocol.unixtime import UnixTime

_CHALLENGE: Final = "challenge"
_MAX_CREDENTIAL_ID: Final = 1_023
"""WebAuthn level 3, section 4, "Credential ID"."""
_VERIFIED: Final = UserVerificationRequirement.REQUIRED


class Passkeys:
    """The passkeys of one authority's people, for one origin."""

    def __init__(self, *, register: Register, random_bytes: RandomBytes) -> None:
        self._register, self._random_bytes = register, random_bytes

    def asked_to_join(self, attempt: Attempt, person: Person, *, host: str, name: str) -> str:
        """What `navigator.credentials.create` is to be given, as JSON."""
        return options_to_json(
            generate_registration_options(
                rp_id=host,
                rp_name=name,
                user_id=person.id.encode(),
                user_name=person.name,
                challenge=attempt.derived(_CHALLENGE),
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
                ),
            )
        )

    def asked_to_sign_in(self, attempt: Attempt, *, host: str) -> str:
        """What `navigator.credentials.get` is to be given, as JSON. For whoever proves themselves again: their keys."""
        keys: tuple[bytes, ...] = ()
        if attempt.way is Way.PROVE:
            with self._register.reading() as connection:
                own = select(passkey.c.credential_id).where(passkey.c.person_id == attempt.subject)
                keys = tuple(connection.execute(own).scalars())
        return options_to_json(
            generate_authentication_options(
                rp_id=host,
                challenge=attempt.derived(_CHALLENGE),
                allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in keys],
                user_verification=_VERIFIED,
            )
        )

    def join(self, attempt: Attempt, answer: object, *, origin: str, host: str, at: UnixTime) -> str:
        """Take the passkey of somebody who was invited; returns the secret of their session.

        Raises:
            SignInRefused: The answer proves nothing here.
            InvitationUnknown: The link was used meanwhile.
        """
        verified = _registered(attempt, answer, origin=origin, host=host)
        if not 0 < len(verified.credential_id) <= _MAX_CREDENTIAL_ID:
            raise SignInRefused("this is no passkey for this place")
        with self._register.writing() as connection:
            person_id = use_invitation(connection, bytes.fromhex(attempt.subject), at=at)
            known = select(passkey.c.person_id).where(passkey.c.id_sha256 == _digest(verified.credential_id))
            if connection.execute(known).first() is not None:
                raise SignInRefused("this is no passkey for this place")
            if demand_enabled(connection, person_id).passkeys >= MAX_PASSKEYS:
                raise SignInRefused(f"a person has at most {MAX_PASSKEYS} passkeys")
            connection.execute(
                insert(passkey).values(
                    id_sha256=_digest(verified.credential_id),
                    credential_id=verified.credential_id,
                    person_id=person_id,
                    public_key=verified.credential_public_key,
                    sign_count=verified.sign_count,
                    at=at,
                )
            )
            trail.append(connection, "join-by-passkey", "person", person_id, actor=person_id, at=at)
            return open_session(connection, person_id, random_bytes=self._random_bytes, proven_at=at, at=at)

    def sign_in(self, attempt: Attempt, answer: object, *, origin: str, host: str, at: UnixTime) -> tuple[str, str]:
        """Who it is, and the secret of a new session (empty for somebody who proves themselves again).

        Raises:
            SignInRefused: The answer proves nothing here.
        """
        credential_id = _credential_id(answer)
        with self._register.writing() as connection:
            row = connection.execute(select(passkey).where(passkey.c.id_sha256 == _digest(credential_id))).one_or_none()
            if row is None:
                raise SignInRefused("this passkey opens nothing here")
            if attempt.way is Way.PROVE and attempt.subject != row.person_id:
                raise SignInRefused("this passkey is somebody else's")
            verified = _authenticated(
                attempt, answer, origin=origin, host=host, public_key=row.public_key, sign_count=row.sign_count
            )
            try:
                demand_enabled(connection, row.person_id)
            except PersonUnknown:
                raise SignInRefused("this passkey opens nothing here") from None
            connection.execute(
                update(passkey)
                .where(passkey.c.id_sha256 == row.id_sha256)
                .values(sign_count=verified.new_sign_count, used_at=at)
            )
            if attempt.way is Way.PROVE:
                return row.person_id, ""
            return row.person_id, open_session(
                connection, row.person_id, random_bytes=self._random_bytes, proven_at=at, at=at
            )


def _credential_id(answer: object) -> bytes:
    written = answer.get("rawId") if isinstance(answer, dict) else None
    try:
        found = base64url_to_bytes(written) if isinstance(written, str) else b""
    except ValueError:
        found = b""
    if not 0 < len(found) <= _MAX_CREDENTIAL_ID:
        raise SignInRefused("this passkey opens nothing here")
    return found


def _registered(attempt: Attempt, answer: object, *, origin: str, host: str) -> VerifiedRegistration:
    try:
        return verify_registration_response(
            credential=_as_json(answer),
            expected_challenge=attempt.derived(_CHALLENGE),
            expected_rp_id=host,
            expected_origin=origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
        # Whatever the library says of a foreign object, it proves nothing.
        raise SignInRefused("this is no passkey for this place") from None


def _authenticated(
    attempt: Attempt, answer: object, *, origin: str, host: str, public_key: bytes, sign_count: int
) -> VerifiedAuthentication:
    try:
        return verify_authentication_response(
            credential=_as_json(answer),
            expected_challenge=attempt.derived(_CHALLENGE),
            expected_rp_id=host,
            expected_origin=origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
        raise SignInRefused("this passkey opens nothing here") from None


def _as_json(answer: object) -> str:
    written: Any = answer if isinstance(answer, dict) else {}
    return json.dumps(written)


def _digest(credential_id: bytes) -> bytes:
    return sha256(credential_id).digest()
