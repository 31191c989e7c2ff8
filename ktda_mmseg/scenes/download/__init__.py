"""The published sets, from where they are published to a folder, verified and safely unpacked."""
