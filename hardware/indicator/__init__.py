"""Lamps, buzzers and beacons: four words, each with a colour and a rhythm of its own."""
