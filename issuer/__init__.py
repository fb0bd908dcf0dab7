"""The issuing authority: register, keys, issuance, publishing."""
