"""The published sets, from where they are published to a folder, verified and safely unpacked.

``catalogue`` says what there is, ``download`` does the work with the help of the other modules.
"""
