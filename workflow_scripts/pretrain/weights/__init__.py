"""Weights that a user brings: read, found in their file, named as timm does, made grey.

In this order: `reading` turns any file into tensors with names, `formats` knows where
each project puts its encoder among them, `naming` speaks timm's names, and `grey` sums
the colours of the first layer.
"""
