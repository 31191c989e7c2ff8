"""Speed and memory of training and inference steps, measured side by side."""
