"""Methods of others, run as processes in environments of their own: prepared once, asked for clips, never imported."""
