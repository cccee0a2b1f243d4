"""LRW: a folder that the user has under the agreement with the BBC."""
