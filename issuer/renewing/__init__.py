"""A licence takes the place of an older one: renewed, or made out anew because what it says has changed."""
