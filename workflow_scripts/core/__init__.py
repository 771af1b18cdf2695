"""What every step stands on; kept small, because it is in every step's digest."""
