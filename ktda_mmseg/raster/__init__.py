"""Raster files as they are stored: bands, windows, places, which pixels are valid."""
