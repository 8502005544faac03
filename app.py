"""The entry point: sends the visitor to the overview."""

import streamlit as st

st.switch_page("pages/overview.py")
