"""Forecasts scored against what happened: what is at risk, what the record says, rivals, scores and their intervals."""
