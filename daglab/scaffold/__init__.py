"""Projects made from templates."""
