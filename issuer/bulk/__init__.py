"""Licences by the thousand: from a file or another database into the register, with what is wrong named row by row."""
