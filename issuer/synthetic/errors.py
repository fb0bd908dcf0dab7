"""What the synthetic subjects cannot be written as."""

from issuer.errors import IssuerError


class NoTable(IssuerError):
    """A licence of several holders is no line of a table."""

    code = "no_table"
    hint = "Leave --csv out: JSON lines hold the holders of each licence."
