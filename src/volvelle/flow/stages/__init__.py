"""The stages of the wheel, one file each: plain functions from records to one record."""
