"""The report: one page for a physician and a reviewer, and the tables behind it."""
