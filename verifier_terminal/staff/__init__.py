"""Who is on duty: certificates and keys of staff, signing on and off, shift hand-over, and the case that acts carry."""
