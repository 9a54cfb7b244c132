/** The tables of a project database, version by version. Released versions are never edited; a change is a new entry. */

/** Marks the file as ours (SQLite header, `PRAGMA application_id`): "MSKL". */
export const APPLICATION_ID = 0x4d534b4c;

/** Facts that were once written stay written: the audit trail is worth more than the convenience of an update. */
const appendOnly = (table: string) => `
  CREATE TRIGGER ${table}_no_update BEFORE UPDATE ON ${table} BEGIN SELECT RAISE(ABORT, '${table} are immutable'); END;
  CREATE TRIGGER ${table}_no_delete BEFORE DELETE ON ${table} BEGIN SELECT RAISE(ABORT, '${table} are immutable'); END;`;

const VERSION_1 = `
  CREATE TABLE project (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL,
    legend_json TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE cases (
    case_id TEXT PRIMARY KEY,
    image_json TEXT NOT NULL,
    source_key TEXT NOT NULL UNIQUE,
    source_path TEXT NOT NULL,
    source_kind TEXT NOT NULL,
    modality TEXT NOT NULL,
    subject TEXT NOT NULL,
    warnings_json TEXT NOT NULL,
    imported_at_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE revisions (
    case_id TEXT NOT NULL REFERENCES cases (case_id),
    revision INTEGER NOT NULL CHECK (revision > 0),
    parent INTEGER,
    source TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (case_id, revision),
    FOREIGN KEY (case_id, parent) REFERENCES revisions (case_id, revision)
  ) STRICT;
  ${appendOnly('revisions')}

  CREATE TABLE acceptances (
    id INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    author TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    FOREIGN KEY (case_id, revision) REFERENCES revisions (case_id, revision)
  ) STRICT;
  CREATE INDEX acceptances_of_case ON acceptances (case_id, id);
  ${appendOnly('acceptances')}

  CREATE TABLE folds (
    case_id TEXT PRIMARY KEY REFERENCES cases (case_id),
    fold INTEGER CHECK (fold BETWEEN 0 AND 4),
    assigned_at_ms INTEGER NOT NULL
  ) STRICT;
  ${appendOnly('folds')}

  CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT,
    queued_at_ms INTEGER NOT NULL
  ) STRICT;
  ${appendOnly('jobs')}

  CREATE TABLE job_events (
    job_id TEXT NOT NULL REFERENCES jobs (job_id),
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    event_json TEXT NOT NULL,
    PRIMARY KEY (job_id, seq)
  ) STRICT;
  ${appendOnly('job_events')}

  CREATE TABLE runs (
    run_id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL,
    parent_run_id TEXT REFERENCES runs (run_id),
    created_at_ms INTEGER NOT NULL,
    options_json TEXT NOT NULL,
    state TEXT NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 0,
    step INTEGER NOT NULL DEFAULT 0,
    elapsed_seconds REAL NOT NULL DEFAULT 0,
    checkpoint_at_ms INTEGER,
    validation_dice REAL,
    validation_dice_json TEXT NOT NULL DEFAULT '{}'
  ) STRICT;

  CREATE TABLE run_cases (
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    case_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('train', 'validation')),
    weight REAL NOT NULL,
    PRIMARY KEY (run_id, case_id),
    FOREIGN KEY (case_id, revision) REFERENCES revisions (case_id, revision)
  ) STRICT;
  ${appendOnly('run_cases')}
`;

const VERSION_2 = `
  ALTER TABLE project ADD COLUMN label_rules_json TEXT NOT NULL DEFAULT '{"regions":null,"ignoreLabelValue":null}';
  ALTER TABLE project ADD COLUMN msd_task TEXT;
`;

/** The newest choice is the project's current model; a project from before has used the model trained last. */
const VERSION_3 = `
  ALTER TABLE folds ADD COLUMN reason TEXT NOT NULL DEFAULT 'beforeReasons';
  ALTER TABLE project ADD COLUMN gate_rules_json TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE runs ADD COLUMN is_pinned INTEGER NOT NULL DEFAULT 0 CHECK (is_pinned IN (0, 1));
  ALTER TABLE runs ADD COLUMN deleted_at_ms INTEGER;

  CREATE TABLE model_choices (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT;
  ${appendOnly('model_choices')}
  INSERT INTO model_choices (run_id, reason, author, at_ms)
    SELECT run_id, 'beforeGate', 'maskloop', checkpoint_at_ms FROM runs
    WHERE checkpoint_at_ms IS NOT NULL ORDER BY checkpoint_at_ms DESC LIMIT 1;

  CREATE TABLE gate_verdicts (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (run_id),
    verdict_json TEXT NOT NULL
  ) STRICT;
  CREATE INDEX gate_verdicts_of_run ON gate_verdicts (run_id, id);
  ${appendOnly('gate_verdicts')}
`;

/** The newest row of a case counts; without a reason it takes part again. */
const VERSION_4 = `
  CREATE TABLE exclusions (
    id INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (case_id),
    reason TEXT,
    author TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX exclusions_of_case ON exclusions (case_id, id);
  ${appendOnly('exclusions')}
`;

/**
 * Who did what, each entry with the hash of the one before (docs/decisions/0012). `uptime_ms` runs on within a `session`,
 * whatever the clock on the wall does. Masks that `maskloop doctor` found gone: rows stay, so the mark has a table of its own.
 */
const VERSION_5 = `
  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY CHECK (seq > 0),
    at_ms INTEGER NOT NULL,
    session TEXT NOT NULL,
    uptime_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT,
    facts_json TEXT NOT NULL,
    previous_sha256 TEXT NOT NULL,
    sha256 TEXT NOT NULL
  ) STRICT;
  ${appendOnly('audit')}

  CREATE TABLE missing_masks (
    id INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    is_missing INTEGER NOT NULL CHECK (is_missing IN (0, 1)),
    at_ms INTEGER NOT NULL,
    FOREIGN KEY (case_id, revision) REFERENCES revisions (case_id, revision)
  ) STRICT;
  CREATE INDEX missing_masks_of_case ON missing_masks (case_id, revision, id);
  ${appendOnly('missing_masks')}
`;

/**
 * Several masks of a case (docs/decisions/0015). Revisions go on being counted within their case, whichever mask they are of.
 * Of a mask, and of the choice which one a training learns from, the newest row counts; a case without rows has the first mask.
 */
const VERSION_6 = `
  ALTER TABLE revisions ADD COLUMN mask INTEGER NOT NULL DEFAULT 1 CHECK (mask > 0);
  CREATE INDEX revisions_of_mask ON revisions (case_id, mask, revision);

  CREATE TABLE masks (
    id INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (case_id),
    mask INTEGER NOT NULL CHECK (mask > 0),
    name TEXT NOT NULL,
    is_deleted INTEGER NOT NULL CHECK (is_deleted IN (0, 1)),
    author TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX masks_of_case ON masks (case_id, mask, id);
  ${appendOnly('masks')}

  CREATE TABLE training_masks (
    id INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (case_id),
    mask INTEGER NOT NULL CHECK (mask > 0),
    author TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX training_masks_of_case ON training_masks (case_id, id);
  ${appendOnly('training_masks')}
`;

/** Index n holds the SQL that leads from version n to version n + 1. */
export const SCHEMA_STEPS: readonly string[] = [VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6];
