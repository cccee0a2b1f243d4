"""HDTF: five text files per subset, read with their defects, planned into clips."""
