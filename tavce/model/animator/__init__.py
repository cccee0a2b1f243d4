"""Step 2 of TAVCE: keypoints and a renderer that attends to the correlation, and their training."""
