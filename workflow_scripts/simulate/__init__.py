"""Make chest phantoms: drawn from formulas, never data of a patient."""
