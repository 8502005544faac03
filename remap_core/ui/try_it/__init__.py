"""Models answer to pictures that somebody has at hand, and show which parts of them speak for the answer."""
