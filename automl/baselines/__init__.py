"""What every search must beat: a constant guess and a linear model on the same prepared columns."""
