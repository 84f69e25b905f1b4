"""What a site's model discharges and how fast it drives, held against the street."""
