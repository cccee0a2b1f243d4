"""Source video -> one square, upright face clip: detectors, tracks, policies, warp."""
