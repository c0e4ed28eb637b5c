"""What every search must beat: a constant guess, a linear model and, for tables, boosted trees."""
