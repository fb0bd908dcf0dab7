"""Who works at the windows and on the road: certificates of staff, and their withdrawal."""
