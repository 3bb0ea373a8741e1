"""What Optuna keeps of a study: a file of its journal."""
