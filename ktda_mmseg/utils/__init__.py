"""What every part needs: whole files, tables, errors, the environment."""
