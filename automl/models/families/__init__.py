"""One family of networks a file: each turns flat arguments into a backbone."""
