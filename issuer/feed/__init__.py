"""The feed of an issuer: its log in the register, its leader, its ceremonies."""
