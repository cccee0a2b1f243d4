"""The method: temporal audio-visual correlation and what is trained with it. Knows no files, and no scores."""
