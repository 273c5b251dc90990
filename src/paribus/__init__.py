"""Paribus: controlled experiments on neural-network training."""
