"""Source videos from the net: fetched politely, once, and kept with a record of what came."""
