"""A run folder made readable: summary, leaderboard, layers, pages."""
