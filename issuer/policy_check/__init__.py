"""Reads authored kinds and policy rows before they count, and says what holds then."""
