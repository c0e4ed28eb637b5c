"""From the winner to a folder that predicts without this project."""
