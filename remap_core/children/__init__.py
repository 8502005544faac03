"""Children before and after their training: previews, expected times, what each kind of edit did."""
