"""What adapters share: ways to bring publishers' tables and names into ours."""
