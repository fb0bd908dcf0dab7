"""Finds licences among millions: by an exact number, by how a name begins, by holder."""
