"""The vocabulary of the house: frozen, slotted, keyword-only values. Imports the standard library only."""
