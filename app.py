"""The entry point: sends the visitor to the overview and keeps the URL's parameters."""

import streamlit as st

st.switch_page("pages/overview.py", query_params=st.query_params.to_dict())
