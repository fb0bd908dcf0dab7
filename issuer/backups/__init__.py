"""An authority's backup: register, keys and settings in one encrypted file, the way back, and a drill of it."""
