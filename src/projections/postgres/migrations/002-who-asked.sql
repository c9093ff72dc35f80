-- Who asked for what stands in `requested`, and why: { actor, correlationId, commandId, reason }.
ALTER TABLE :CONTROL.rebuilds ADD COLUMN requested_by json;
-- How long the swap held its locks.
ALTER TABLE :CONTROL.rebuilds ADD COLUMN swap_ms double precision;
