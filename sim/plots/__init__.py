"""Tables to figures: one file per figure, each with `KEY` and `draw(data, specs)`; `figures` has them all."""
