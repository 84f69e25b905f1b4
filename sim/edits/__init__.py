"""What a policy may do to a site: a small closed vocabulary of edits, and a site as edits leave it."""
