"""Moved to the package `stimulus/`, which Python imports instead; delete once no code digest names this file."""
