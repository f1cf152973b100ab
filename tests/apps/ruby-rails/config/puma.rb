threads 2, 2
