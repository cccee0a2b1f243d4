"""Step 1 of TAVCE: encoders of sound and mouth, their temporal correlation, and its training."""
