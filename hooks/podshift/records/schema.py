"""The tables, as they came to be."""

# One script a version of the schema, in order; PRAGMA user_version counts those that were run.
MIGRATIONS = (
    """
    CREATE TABLE apps (
        name TEXT PRIMARY KEY, branch TEXT NOT NULL, gate INTEGER NOT NULL DEFAULT 0,
        backend INTEGER NOT NULL UNIQUE, subnet TEXT NOT NULL, created REAL NOT NULL,
        live INTEGER, maintenance TEXT);
    CREATE TABLE domains (
        domain TEXT PRIMARY KEY, app TEXT NOT NULL REFERENCES apps ON DELETE CASCADE);
    CREATE TABLE releases (
        app TEXT NOT NULL REFERENCES apps ON DELETE CASCADE, number INTEGER NOT NULL,
        commit_id TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL,
        image TEXT NOT NULL, manifest TEXT, procfile TEXT, port INTEGER NOT NULL DEFAULT 8080,
        pushed_by TEXT NOT NULL, at REAL NOT NULL, seconds REAL, error TEXT, rollback_of INTEGER,
        branch TEXT, PRIMARY KEY (app, number));
    CREATE TABLE containers (
        app TEXT NOT NULL REFERENCES apps ON DELETE CASCADE, name TEXT NOT NULL, process TEXT NOT NULL,
        address TEXT NOT NULL, port INTEGER NOT NULL, ready_path TEXT NOT NULL, hold INTEGER NOT NULL,
        PRIMARY KEY (app, name));
    CREATE TABLE variables (
        app TEXT NOT NULL REFERENCES apps ON DELETE CASCADE, name TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (app, name));
    CREATE TABLE release_variables (
        app TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (app, number, name),
        FOREIGN KEY (app, number) REFERENCES releases (app, number) ON DELETE CASCADE);
    CREATE TABLE events (
        number INTEGER PRIMARY KEY, at REAL NOT NULL, app TEXT NOT NULL, kind TEXT NOT NULL, outcome TEXT NOT NULL,
        asked_by TEXT NOT NULL, release INTEGER, commit_id TEXT, what TEXT NOT NULL, error TEXT);
    CREATE INDEX events_of_apps ON events (app, number);
    CREATE TABLE notifiers (
        number INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, at REAL, result TEXT);
    CREATE TABLE scales (
        app TEXT NOT NULL REFERENCES apps ON DELETE CASCADE, process TEXT NOT NULL, replicas INTEGER NOT NULL,
        PRIMARY KEY (app, process));
    """,
    """
    ALTER TABLE apps ADD COLUMN path TEXT NOT NULL DEFAULT '';
    ALTER TABLE apps ADD COLUMN origin TEXT NOT NULL DEFAULT '';
    ALTER TABLE apps ADD COLUMN object_format TEXT NOT NULL DEFAULT 'sha1';
    ALTER TABLE releases ADD COLUMN path TEXT NOT NULL DEFAULT '';
    CREATE TABLE deploy_keys (
        app TEXT PRIMARY KEY REFERENCES apps ON DELETE CASCADE, private TEXT NOT NULL, public TEXT NOT NULL)
    """,
    """
    ALTER TABLE apps ADD COLUMN redirect INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE apps ADD COLUMN hsts INTEGER;
    """,
    "ALTER TABLE apps ADD COLUMN proxy TEXT NOT NULL DEFAULT 'haproxy'",
    """
    CREATE TABLE keys (
        fingerprint TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, type TEXT NOT NULL,
        blob TEXT NOT NULL, admin INTEGER NOT NULL, creates INTEGER NOT NULL, added REAL NOT NULL);
    CREATE TABLE key_apps (
        fingerprint TEXT NOT NULL REFERENCES keys ON DELETE CASCADE,
        app TEXT NOT NULL REFERENCES apps ON DELETE CASCADE, PRIMARY KEY (fingerprint, app));
    """,
    """
    CREATE TABLE grants (
        app TEXT NOT NULL REFERENCES apps ON DELETE CASCADE, what TEXT NOT NULL,
        other TEXT REFERENCES apps ON DELETE CASCADE, PRIMARY KEY (app, what));
    """,
    """
    ALTER TABLE releases ADD COLUMN message TEXT;
    CREATE TABLE build_variables (
        app TEXT NOT NULL REFERENCES apps ON DELETE CASCADE, name TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (app, name))
    """,
    """
    ALTER TABLE releases ADD COLUMN app_json TEXT;
    ALTER TABLE releases ADD COLUMN healthcheck INTEGER NOT NULL DEFAULT 0;
    """,
    "ALTER TABLE apps ADD COLUMN origin_trusted INTEGER NOT NULL DEFAULT 0",  # of those before, nobody knows whose
)
