"""The one reader and writer of video and audio."""
