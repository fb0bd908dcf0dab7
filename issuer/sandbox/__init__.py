"""An issuing authority for whoever builds a wallet or a window: one command, no consequences, misfortunes."""
