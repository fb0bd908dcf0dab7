"""Legal changes of many licences at once: who is affected is seen before, and above a number two people decide."""
