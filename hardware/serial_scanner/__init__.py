"""Scanners that send text over a serial line."""
