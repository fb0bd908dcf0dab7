"""The people who work at an authority: who they are, what they may do, how they prove it, and their sessions."""
