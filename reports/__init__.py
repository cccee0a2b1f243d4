"""Score rows in; tables, plots and contact sheets out."""
