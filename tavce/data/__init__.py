"""Clip tables, data sets and crops."""
