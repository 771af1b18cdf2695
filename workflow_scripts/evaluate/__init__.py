"""Evaluation: turn predictions into numbers with intervals, and compare them."""
