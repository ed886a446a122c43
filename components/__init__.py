"""How things look: plain values in, callbacks out."""
