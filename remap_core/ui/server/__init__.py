"""What runs pages differently from what Streamlit does by itself."""
