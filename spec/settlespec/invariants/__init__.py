"""What must hold of every state and of every step, one card each, judged without the machine's own code."""
