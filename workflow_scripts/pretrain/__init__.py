"""From equal images, without labels, to encoders."""
