"""Devices that hold a licence: reported lost (挂失), each alone, and found again."""
