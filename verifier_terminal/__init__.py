"""The verifier terminal: appraises dynamic codes on its own, also without a network."""
