"""What is proved: metrics, intervals, slices and gates, judged on the sealed test set."""
