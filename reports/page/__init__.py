"""The HTML page of a report: one file that opens from a folder, with videos and values per frame beside it."""
