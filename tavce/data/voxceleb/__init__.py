"""VoxCeleb1 and VoxCeleb2: annotations, tubes, official files."""
