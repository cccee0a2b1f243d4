"""One file per metric: a pure function and a record."""
