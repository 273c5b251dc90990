"""Runs handed to other tools: as PyTorch scripts and modules, and to experiment trackers."""
