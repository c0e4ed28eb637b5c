"""From a space and past outcomes to the next config, and whether a trial goes on."""
