"""Read each dataset's own files once, and write them in our words."""
