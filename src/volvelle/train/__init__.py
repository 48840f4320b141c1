"""What is learnt: estimators and the search over them."""
