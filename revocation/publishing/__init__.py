"""Publishing a region's feed: from status changes to deltas, and from deltas to the files that terminals fetch."""
