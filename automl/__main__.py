"""Lets `python -m automl` do what the command `automl` does."""

from automl.cli import main

if __name__ == "__main__":
    main()
