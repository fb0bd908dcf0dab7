"""Licences as legal documents: their kinds, and their national identifier."""
