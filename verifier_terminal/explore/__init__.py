"""`liangzheng explore DIR`: looking at what a terminal keeps, without changing one byte of it."""
