"""What may vary: ranges, choices and conditions read from YAML, knowing no library that searches."""
