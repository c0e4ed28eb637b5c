"""From files and frames to prepared arrays: what a model may see is decided here, and nothing else knows raw values."""
