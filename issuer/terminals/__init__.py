"""Who may ask: certificates of terminals, and the sites that short codes name."""
