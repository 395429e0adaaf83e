"""Pages of reports: for residents, for workers, for the staff who write down what they hear."""
