"""From a trained model to finished maps: whole georeferenced scenes, models for elsewhere."""
