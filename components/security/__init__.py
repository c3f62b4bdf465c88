"""Who can do what, and what is amiss with it: the table of access, the doctor and its checks."""
