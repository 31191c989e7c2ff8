"""From rasters to tiles and from a trained model to maps: what needs no model of ours."""
