"""Texts of others on this screen: nothing in them may steer the terminal."""


def printable(text: str) -> str:
    """The text with every character that is none for people replaced."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
