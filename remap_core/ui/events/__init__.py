"""How clicks, hovers and selections get from a Plotly chart to Python."""
