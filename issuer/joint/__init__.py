"""Licences of several holders: a credential for each, and one legal document."""
