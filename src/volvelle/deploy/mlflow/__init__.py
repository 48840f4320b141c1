"""Writes a run into an MLflow server over its REST API, without MLflow."""
