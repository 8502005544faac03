"""The DuckDB catalogue and the data folder around it: the only room with SQL."""
