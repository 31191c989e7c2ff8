"""Models that leave Python: files for other runtimes, each checked against PyTorch."""
