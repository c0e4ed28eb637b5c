"""What happened, kept: the run folder, and its projection into MLflow."""
