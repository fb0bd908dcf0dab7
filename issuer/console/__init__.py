"""The console: the pages by which an authority's people do their work, in the same service as its interface."""
