"""What stands beside the package: a config names it in custom_imports."""
