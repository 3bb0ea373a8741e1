"""What the widgets of the dashboard show, one kind a file."""
