"""What the pages share: shell, state, events and tables. The only room of the core with streamlit."""
