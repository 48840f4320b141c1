"""What people see: charts, the report, notebook views, the terminal."""
