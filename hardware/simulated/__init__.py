"""Devices that are not there: they drive the real drivers and misbehave on request."""
