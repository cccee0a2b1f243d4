"""TAVCE as a compared method: a checkpoint, a portrait and sound in, frames out."""
