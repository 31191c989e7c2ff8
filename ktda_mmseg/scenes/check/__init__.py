"""What is wrong with a data set, found before training starts; see tools/check_dataset.py."""
