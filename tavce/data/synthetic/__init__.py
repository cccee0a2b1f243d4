"""synthtalk: a corpus of drawn talking heads with exact ground truth."""
