"""Files that people name, and files that are nobody else's business."""
