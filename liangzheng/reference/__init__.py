"""The reference for integrators, written from the sources: every public name of both wallets, and every error."""
