"""Sound -> expression and head motion."""
