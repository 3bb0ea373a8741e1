"""Long work: started, watched, cancelled; threads here, a cluster when configured."""
