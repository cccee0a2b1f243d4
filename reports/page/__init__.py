"""The HTML page: tables to sort and filter, videos side by side in step, values per frame, failures, provenance."""
