"""The installation as a whole: init, up, doctor, backup, units."""
