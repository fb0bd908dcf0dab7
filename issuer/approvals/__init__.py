"""Dangerous acts that take two people: proposed by one, approved by another, carried out once (ADR 0033)."""
