"""Cameras and scanners: text comes out. Knows nothing of credentials."""
