"""Scanners that are HID devices: HID-POS reports, and keyboard wedges that are taken for this program alone."""
