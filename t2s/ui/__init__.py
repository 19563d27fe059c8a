"""The pages. They draw values and decide nothing; only this package knows Streamlit."""
