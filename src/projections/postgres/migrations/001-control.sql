-- Which rows of which projection are read, fed and built. Readers go through views; these tables say what the views show.
CREATE TABLE :CONTROL.generations (
  projection text NOT NULL,
  generation integer NOT NULL,
  version integer NOT NULL,
  state text NOT NULL CHECK (state IN ('building', 'active', 'kept', 'retired')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (projection, generation)
);
CREATE UNIQUE INDEX one_active_generation ON :CONTROL.generations (projection) WHERE state = 'active';

-- Moved by compare-and-set, in the transaction of the rows. No row: fully behind. No position: nothing applied yet.
CREATE TABLE :CONTROL.checkpoints (
  projection text NOT NULL,
  generation integer NOT NULL,
  position bigint,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (projection, generation)
) WITH (fillfactor = 20);

-- Events that could not be applied; `held` counts those of the same stream that wait behind.
CREATE TABLE :CONTROL.dead_letters (
  projection text NOT NULL,
  generation integer NOT NULL,
  stream text NOT NULL,
  position bigint NOT NULL,
  revision integer NOT NULL,
  event_id text NOT NULL,
  type text NOT NULL,
  reason text NOT NULL,
  held integer NOT NULL DEFAULT 0,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (projection, generation, stream)
);

CREATE TABLE :CONTROL.rebuilds (
  id uuid PRIMARY KEY,
  projection text NOT NULL,
  state text NOT NULL,
  -- Where a paused rebuild goes on.
  resume_state text,
  requested text CHECK (requested IN ('pause', 'resume', 'cancel')),
  generation integer NOT NULL,
  from_generation integer,
  version integer NOT NULL,
  target_position bigint,
  first_position bigint,
  position bigint,
  processed bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  events_per_second double precision NOT NULL DEFAULT 0,
  eta_seconds double precision,
  keep_ms bigint NOT NULL,
  on_difference text NOT NULL CHECK (on_difference IN ('fail', 'swap')),
  keep_until timestamptz,
  verification json,
  error text,
  actor json NOT NULL,
  correlation_id text NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz
);
CREATE UNIQUE INDEX one_rebuild_at_a_time ON :CONTROL.rebuilds (projection)
  WHERE state NOT IN ('swapped', 'completed', 'failed', 'cancelled');
CREATE INDEX rebuilds_by_projection ON :CONTROL.rebuilds (projection, started_at DESC);

-- What operators ask of the projector; it answers in `state` and `error`.
CREATE TABLE :CONTROL.requests (
  id uuid PRIMARY KEY,
  projection text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('rollback', 'retry', 'discard')),
  position bigint,
  reason text,
  actor json NOT NULL,
  correlation_id text NOT NULL,
  state text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'done', 'failed')),
  error text,
  generation integer,
  requested_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX open_requests ON :CONTROL.requests (projection, requested_at) WHERE state = 'requested';

-- What was done to projections and is to be written into the log (by whoever may append), in order.
CREATE TABLE :CONTROL.operation_events (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE,
  projection text NOT NULL,
  type text NOT NULL,
  data json NOT NULL,
  actor json NOT NULL,
  correlation_id text NOT NULL,
  occurred_at timestamptz NOT NULL,
  recorded_at timestamptz
);
CREATE INDEX unrecorded_operation_events ON :CONTROL.operation_events (sequence) WHERE recorded_at IS NULL;

-- What the projector that owns a projection says of it, every second.
CREATE TABLE :CONTROL.projection_status (
  projection text PRIMARY KEY,
  version integer NOT NULL,
  generation integer,
  state text NOT NULL,
  position bigint,
  lag_events bigint NOT NULL,
  lag_ms bigint NOT NULL,
  events_per_second double precision NOT NULL,
  reconnects integer NOT NULL,
  error text,
  reported_at timestamptz NOT NULL
) WITH (fillfactor = 20);
