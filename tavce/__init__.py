"""The library of TAVCE-Bench: media, data, methods and executors; it knows nothing of params.yaml or DVC."""
