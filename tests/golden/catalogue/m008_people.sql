-- A catalogue that says who queued, sent and noted what, as the version that brought that wrote it. Never to be changed.

CREATE TABLE migrations (name VARCHAR PRIMARY KEY);
CREATE TABLE trials (
    id BIGINT NOT NULL,
    fingerprint VARCHAR NOT NULL,
    architecture VARCHAR NOT NULL,      -- JSON
    text VARCHAR NOT NULL,              -- the layers in words
    parameters BIGINT NOT NULL,
    multiply_adds BIGINT NOT NULL,
    dataset VARCHAR NOT NULL,
    config VARCHAR NOT NULL,            -- JSON
    origin VARCHAR NOT NULL,
    parent BIGINT,
    edits VARCHAR NOT NULL,             -- JSON
    batch VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    position DOUBLE NOT NULL,           -- in the queue; smaller is sooner
    attempt INTEGER NOT NULL,
    created DOUBLE NOT NULL,            -- seconds since 1970, as all times
    started DOUBLE,
    finished DOUBLE,
    error VARCHAR,
    epochs_done INTEGER NOT NULL,
    train_loss DOUBLE,                  -- this and the next four: of the last epoch
    train_accuracy DOUBLE,
    validation_loss DOUBLE,
    validation_accuracy DOUBLE,
    seconds DOUBLE,
    mean_seconds DOUBLE,                -- of all epochs; this and what follows: once COMPLETE
    accuracy DOUBLE,
    class_accuracy DOUBLE[],
    latency_1_ms DOUBLE,
    latency_256_ms DOUBLE,
    space VARCHAR,                      -- name; empty or NULL for none
    suggested BOOLEAN,                  -- by the machine; NULL for no
    owner VARCHAR                       -- who queued it; empty or NULL for nobody who signed in
);
CREATE TABLE epochs (
    trial BIGINT NOT NULL,
    attempt INTEGER NOT NULL,
    epoch INTEGER NOT NULL,             -- from 1
    train_loss DOUBLE NOT NULL,
    train_accuracy DOUBLE NOT NULL,
    validation_loss DOUBLE NOT NULL,
    validation_accuracy DOUBLE NOT NULL,
    seconds DOUBLE NOT NULL
);
CREATE TABLE evaluations (
    trial BIGINT NOT NULL,
    classes INTEGER NOT NULL,
    confusion BLOB NOT NULL,            -- zlib of int64, little-endian, rows gold
    predictions BLOB NOT NULL,          -- zlib of uint8: (prediction - label) mod classes
    labels VARCHAR,                     -- digest of those labels; NULL where all are 0
    latency_1_ms DOUBLE NOT NULL,
    latency_256_ms DOUBLE NOT NULL,
    device VARCHAR NOT NULL,
    threads INTEGER NOT NULL,
    dtype VARCHAR NOT NULL
);
CREATE TABLE label_sets (
    digest VARCHAR NOT NULL,            -- SHA-256 of the labels
    labels BLOB NOT NULL                -- zlib of uint8
);
CREATE TABLE datasets (
    name VARCHAR NOT NULL,
    place INTEGER NOT NULL,             -- in the order of registration
    input_shape INTEGER[] NOT NULL,
    class_names VARCHAR[] NOT NULL,
    split INTEGER[] NOT NULL,
    labels VARCHAR NOT NULL,            -- digest
    examples BLOB NOT NULL,             -- zlib of uint8
    examples_shape INTEGER[] NOT NULL,
    recipe VARCHAR                      -- JSON; empty or NULL for none
);
CREATE TABLE commands (
    id VARCHAR PRIMARY KEY,
    kind VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    message VARCHAR NOT NULL,
    applied_at DOUBLE NOT NULL,
    sender VARCHAR                      -- empty or NULL for nobody who signed in
);
CREATE TABLE trainer (paused BOOLEAN NOT NULL);
CREATE TABLE maps (
    dataset VARCHAR NOT NULL,
    relation VARCHAR NOT NULL,
    edition INTEGER NOT NULL,
    laid_with INTEGER NOT NULL,
    stress DOUBLE NOT NULL,
    relay_asked BOOLEAN NOT NULL
);
CREATE TABLE places (
    dataset VARCHAR NOT NULL,
    relation VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    trial BIGINT NOT NULL,
    x DOUBLE NOT NULL,
    y DOUBLE NOT NULL
);
CREATE TABLE annotations (trial BIGINT NOT NULL, note VARCHAR NOT NULL, tags VARCHAR[] NOT NULL, person VARCHAR);
CREATE TABLE sealed_tests (
    trial BIGINT NOT NULL, asked DOUBLE NOT NULL, finished DOUBLE, images INTEGER, correct INTEGER, loss DOUBLE,
    error VARCHAR
);

CREATE TABLE removed_trials (trial BIGINT NOT NULL);
INSERT INTO migrations VALUES
    ('m001_initial'),
    ('m002_annotations_and_sealed_tests'),
    ('m003_maps'),
    ('m004_recipes'),
    ('m005_removed_trials'),
    ('m006_spaces'),
    ('m007_suggested'),
    ('m008_people');
INSERT INTO trials VALUES
    (2, 'ecc9b67066a7709e6d9cb551c82a1fd9', '{"input_shape":[1,2,2],"classes":2,"layers":[{"kind":"dense","units":5},{"kind":"activation","function":"relu"}]}', 'Dense 5, ReLU', 37, 30, 'toy', '{"epochs":2,"batch_size":256,"learning_rate":0.001,"decay":0.75,"seed":0}', 'initial', NULL, '[]', '', 'waiting', 4.0, 2, 1700000000.0, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'mobile', true, 'ada@example.org'),
    (1, 'eb6c4cfb3d3c6065a797545cb73ce3f0', '{"input_shape":[1,2,2],"classes":2,"layers":[{"kind":"dense","units":4},{"kind":"activation","function":"relu"}]}', 'Dense 4, ReLU', 30, 24, 'toy', '{"epochs":2,"batch_size":256,"learning_rate":0.001,"decay":0.75,"seed":0}', 'initial', NULL, '[]', '', 'complete', 1.0, 1, 1700000000.0, 1700000001.0, 1700000002.0, NULL, 2, 0.5, 0.5, 0.55, 0.52, 0.01, 0.01, 0.875, [0.75, 1.0], 0.1, 2.0, NULL, NULL, ''),
    (3, '984c9efd36f05c82b51c097be11b0e53', '{"input_shape":[1,2,2],"classes":2,"layers":[{"kind":"dense","units":4}]}', 'Dense 4', 30, 24, 'toy', '{"epochs":2,"batch_size":256,"learning_rate":0.001,"decay":0.75,"seed":0}', 'ablation', 1, '[{"edit":"remove","index":1}]', 'ablations of 1', 'waiting', 3.0, 1, 1700000003.0, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', false, '');
INSERT INTO epochs VALUES
    (1, 1, 1, 1.0, 0.5, 1.1, 0.51, 0.01),
    (1, 1, 2, 0.5, 0.5, 0.55, 0.52, 0.01),
    (2, 1, 1, 1.0, 0.5, 1.1, 0.51, 0.01);
INSERT INTO evaluations VALUES
    (1, 2, '\x78\x9C\x63\x66\x80\x00\x46\x06\x54\xC0\x02\xA5\x01\x00\xB8\x00\x09', '\x78\x9C\x63\x60\x60\x60\x64\x00\x02\x00\x00\x0D\x00\x02', '5b42971585bb06fed7bdf82a54b1cef17f3b1c92a0c80e316cd871969e1f496b', 0.1, 2.0, 'cpu', 1, 'float32');
INSERT INTO label_sets VALUES
    ('5b42971585bb06fed7bdf82a54b1cef17f3b1c92a0c80e316cd871969e1f496b', '\x78\x9C\x63\x60\x60\x60\x60\x04\x02\x00\x00\x12\x00\x05');
INSERT INTO datasets VALUES
    ('toy', 1, [1, 2, 2], ['no', 'yes'], [24, 8, 8], '5b42971585bb06fed7bdf82a54b1cef17f3b1c92a0c80e316cd871969e1f496b', '\x78\x9C\x63\x60\x64\x62\x66\x61\x65\x63\x07\x00\x00\x5C\x00\x1D', [2, 1, 2, 2, 1], '{"augmentation": ["flip", "shift"], "background": "white", "colour": "grey", "file_column": "", "fit": "crop", "form": "class folders", "images": null, "label_column": "", "label_table": "", "left_out": [], "seed": 2019, "side": 2, "source": "/photos", "white": 255}');
INSERT INTO commands VALUES
    ('00000001700000000000000-000000-0a1b2c3d', 'enqueue', 'applied', '2 models enqueued: 1 to 2.', 1700000000.0, 'ada@example.org');
INSERT INTO trainer VALUES
    (true);
INSERT INTO annotations VALUES
    (1, 'mixes up yes & no', ['small', 'linear'], NULL),
    (1, 'try without dropout', [], 'ada@example.org');
INSERT INTO sealed_tests VALUES
    (1, 1700000001.0, 1700000002.0, 8, 6, 0.75, NULL);
INSERT INTO maps VALUES
    ('toy', 'structure', 1, 1, 0.0, false),
    ('toy', 'prediction', 1, 1, 0.0, true);
INSERT INTO places VALUES
    ('toy', 'structure', 0, 1, 0.0, 0.0),
    ('toy', 'prediction', 0, 1, 0.0, 0.0);
INSERT INTO removed_trials VALUES
    (4),
    (5);
