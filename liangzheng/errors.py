"""What keeps the command's own tools from working; a refusal is never one of these."""


class CommandError(Exception):
    """The root. The text says what happened, what it means and what to do."""


class VectorsUnusable(CommandError):
    """The directory holds no test vectors that this version reads."""


class ProgramUnusable(CommandError):
    """The program that the vectors are to be run against cannot be started."""


class FileUnusable(CommandError):
    """A file cannot be read, or is not what it is said to be."""


class TrustUnusable(CommandError):
    """There is no published trust list that may be believed."""
