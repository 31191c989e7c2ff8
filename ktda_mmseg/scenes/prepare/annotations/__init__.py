"""Labels as annotation tools write them: drawings on images, in several formats."""
