"""Further runs beside a study's own, where asked for: what each intervention brings, and in which worlds."""
