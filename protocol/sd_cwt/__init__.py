"""SD-CWT (draft-ietf-spice-sd-cwt-08): credentials whose holder chooses what is disclosed, and key binding."""
