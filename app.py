"""The entry point: sends the visitor to the overview, with all that the address asks for."""

import streamlit as st

st.switch_page("pages/overview.py", query_params=st.query_params.to_dict())
