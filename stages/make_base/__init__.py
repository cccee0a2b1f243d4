"""The base animator: how it is made, for the file that is shipped and for training from scratch."""
