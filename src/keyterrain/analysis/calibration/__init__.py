"""Calibration: the few parameters that battles of history cannot give, fitted on campaigns other than the forecast one."""
