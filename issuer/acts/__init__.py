"""Officers' acts: what arrived from the roadside, and who confirmed or rejected it."""
