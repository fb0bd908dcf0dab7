"""The site relay: one machine in a service centre polls and serves the others, and nothing in it is trusted."""
