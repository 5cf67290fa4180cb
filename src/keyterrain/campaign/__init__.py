"""The campaign: state, order of a day, luck, interventions, ensemble and store."""
