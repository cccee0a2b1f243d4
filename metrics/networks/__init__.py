"""Frozen judges: networks that load the official files strictly."""
