"""A web page that turns an image into a map."""
