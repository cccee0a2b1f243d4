"""`make judges`: train the stand-in judges on synthtalk and freeze them in metrics/standins."""
