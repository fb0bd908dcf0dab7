"""Why an offer is not made, or a wallet not served: one exception for each reason, under the standard's own code.

Codes of the protocol are those of RFC 6749 section 5.2, RFC 6750 section 3.1 and OpenID4VCI 1.0
sections 6.3, 8.3.1, 9.3 and 11.3. Messages are ASCII without quotes, for these sections allow nothing else.
"""

from typing import Final

from issuer.errors import IssuerError


class OfferRefused(IssuerError):
    """What the offer is to say breaks a rule; nothing was recorded."""

    code = "offer_refused"
    hint = "Correct it and make the offer again."


class OfferUnknown(IssuerError):
    """No offer has this id."""

    code = "offer_unknown"
    hint = "Look at them with `liangzheng issuer offers DIR`."


class OfferNotOpen(IssuerError):
    """The offer is over, or was decided before."""

    code = "offer_not_open"
    hint = "Look at it with `liangzheng issuer offers DIR`. Nothing was changed; make a new offer."


class TokenRequestMalformed(IssuerError):
    """A parameter is missing, stands twice or is not in its form; or a transaction code came, or did not, unasked."""

    code = "invalid_request"
    hint = "Send the pre-authorised code, and the transaction code if the offer asks for one, each once."


class GrantTypeUnsupported(IssuerError):
    """Another grant than the pre-authorised code."""

    code = "unsupported_grant_type"
    hint = "Use grant_type urn:ietf:params:oauth:grant-type:pre-authorized_code."


class GrantRefused(IssuerError):
    """The code opens nothing: the answer does not tell whether it ever did."""

    code = "invalid_grant"
    hint = "Check the transaction code. If that is right, ask the office for a new offer: one lives ten minutes."


class AccessTokenRefused(IssuerError):
    """No access token came, or it opens nothing."""

    code = "invalid_token"
    hint = "Get an access token with the offer's code; it lives ten minutes."


class CredentialRequestMalformed(IssuerError):
    """The body is no credential request."""

    code = "invalid_credential_request"
    hint = "Send credential_configuration_id, and proofs with jwt: an array of key proofs."


class ConfigurationUnknown(IssuerError):
    """No kind of licence has this id."""

    code = "unknown_credential_configuration"
    hint = "Use an id of credential_configurations_supported, the one that the offer names."


class CredentialIdentifierUnknown(IssuerError):
    """Identifiers are given out by none of our answers."""

    code = "unknown_credential_identifier"
    hint = "Ask by credential_configuration_id."


class EncryptionUnsupported(IssuerError):
    """Answers are not encrypted beyond TLS."""

    code = "invalid_encryption_parameters"
    hint = "Leave credential_response_encryption out."


class ProofRefused(IssuerError):
    """A key proof does not hold, is for somebody else, or two are of one key."""

    code = "invalid_proof"
    hint = "Sign each proof anew: type openid4vci-proof+jwt, jwk in its header, aud this issuer, a new nonce."


class NonceRefused(IssuerError):
    """The nonce was not given here, is over, or was used before."""

    code = "invalid_nonce"
    hint = "Fetch a new nonce from the nonce endpoint and sign again; one is good once, for five minutes."


class RequestDenied(IssuerError):
    """What was offered is not issued."""

    code = "credential_request_denied"
    hint = "Ask the office that made the offer."


class IssuingNow(IssuerError):
    """Another request for the same offer is being answered."""

    code = "temporarily_unavailable"
    hint = "Ask again in a minute with the same keys."


class TransactionUnknown(IssuerError):
    """No deferred issuance of this access token has this id, or it is done."""

    code = "invalid_transaction_id"
    hint = "Use the transaction_id of the answer that deferred it, with the same access token."


class NotificationUnknown(IssuerError):
    """No answer to this access token carried this id."""

    code = "invalid_notification_id"
    hint = "Use the notification_id of the answer that brought the licence, with the same access token."


class NotificationMalformed(IssuerError):
    """The body is no notification."""

    code = "invalid_notification_request"
    hint = "Send notification_id, and event: credential_accepted, credential_failure or credential_deleted."


class WalletRequestRefused(IssuerError):
    """The request of a wallet is not in its form, or its proof does not hold."""

    code = "wallet_request_refused"
    hint = "Sign it anew with the device's key: type lz-wallet-request+jwt, aud this issuer, a new nonce."


class NotHeld(IssuerError):
    """This key holds no such licence now: the answer does not tell whether there is one."""

    code = "not_held"
    hint = "Only a device that holds the licence may ask. Ask the office for a new offer."


class CursorRefused(IssuerError):
    """The cursor was not given to this key."""

    code = "cursor_refused"
    hint = "Ask without a cursor: everything comes again from the beginning."


class TooManyRequests(IssuerError):
    """More came from one address than wallets send."""

    code = "too_many_requests"
    hint = "Wait a minute."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = (
    (OfferRefused, 422),
    (OfferUnknown, 404),
    (OfferNotOpen, 409),
    (TokenRequestMalformed, 400),
    (GrantTypeUnsupported, 400),
    (GrantRefused, 400),
    (AccessTokenRefused, 401),
    (CredentialRequestMalformed, 400),
    (ConfigurationUnknown, 400),
    (CredentialIdentifierUnknown, 400),
    (EncryptionUnsupported, 400),
    (ProofRefused, 400),
    (NonceRefused, 400),
    (RequestDenied, 400),
    (IssuingNow, 503),
    (TransactionUnknown, 400),
    (NotificationUnknown, 400),
    (NotificationMalformed, 400),
    (WalletRequestRefused, 400),
    (NotHeld, 403),
    (CursorRefused, 400),
    (TooManyRequests, 429),
)
