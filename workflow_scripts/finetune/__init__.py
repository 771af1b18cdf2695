"""From an encoder and some labels to classifiers and their predictions."""
