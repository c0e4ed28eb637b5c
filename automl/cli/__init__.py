"""The command line: parse, call the hall, print, exit."""
