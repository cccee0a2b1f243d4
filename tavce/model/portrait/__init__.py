"""A picture -> where its face is, and its motion coefficients."""
