"""The compared methods: portrait and audio in, video out."""
