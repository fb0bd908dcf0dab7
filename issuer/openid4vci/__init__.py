"""Issuing to wallets over the network in the form of OpenID4VCI 1.0, and what a wallet asks later with its key."""
