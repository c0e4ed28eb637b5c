"""From predictions to numbers: scores, intervals and comparisons."""
