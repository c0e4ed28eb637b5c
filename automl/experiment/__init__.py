"""The hall: the only place where the rooms meet; it composes and computes nothing itself."""
