"""One file per DVC stage, and the command line: the only code that reads params.yaml."""
