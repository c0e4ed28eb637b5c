"""From flat arguments to an ordinary torch module that reads a batch of blocks."""
