"""What the feed refuses or cannot do: plain messages with hints, as all of the issuer's."""

from issuer.errors import IssuerError
from revocation.errors import RevocationError
from revocation.publishing.errors import PublishingError


class FeedStopped(IssuerError):
    """The feed did not go on; what is published stays, and the changes stay in the register."""

    code = "feed_stopped"
    hint = "Remove the cause; the next tick goes on where this one stopped."

    @classmethod
    def because(cls, error: RevocationError) -> "FeedStopped":
        """The same in words for people."""
        return cls(str(error), hint=error.hint if isinstance(error, PublishingError) else None)


class StatusKeyReplaced(IssuerError):
    """The feed has gone on under a newer status key than the one that this process holds."""

    code = "status_key_replaced"
    hint = "Restart the service: it has opened the keys before the status key was replaced."


class CoSignatureNeeded(IssuerError):
    """Changes are held back that only the offline reversal key can let through; everything else is published."""

    code = "co_signature_needed"
    hint = (
        "Look at `liangzheng issuer feed status DIR`. If these changes are meant, let the offline key sign them: "
        "`liangzheng issuer propose release DIR`. If not, find out who has made them."
    )


class BanRefused(IssuerError):
    """A ban that cannot be stated, or of a key that is none of this region's."""

    code = "ban_refused"
    hint = "A key is named by the 16 hexadecimal digits of its kid; at most eight are banned at a time."


class ReversalRefused(IssuerError):
    """There is nothing to reverse, or what was signed is not what was prepared."""

    code = "reversal_refused"
    hint = "Look at `liangzheng issuer feed status DIR`, and prepare it again."


class RequestRefused(IssuerError):
    """The file is no request or statement of a reversal in its one form."""

    code = "request_refused"
    hint = "Give the file that `issuer feed reversal prepare` or `sign` wrote."


class FeedSettingsRefused(IssuerError):
    """A setting of the feed is not in its form."""

    code = "feed_settings_refused"
    hint = "Look at `liangzheng issuer feed settings --help`; nothing was changed."
