"""The DuckDB catalogue: store, snapshots, migrations, backups. The only room with SQL."""
