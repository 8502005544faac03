"""Who looks at the pages: sign-in, roles, and the record of who did what."""
