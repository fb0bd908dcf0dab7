"""Codes from pictures: capture, decode in a process of its own, tell the person what would help."""
