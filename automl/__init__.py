"""Searches hyperparameters and neural architectures for a table, and judges the winner once on sealed rows."""
