-- What people decided about identities
-- id: Decision; npm run identity -- undo takes it back
-- kind: merge, unmerge, move, set_aside or release
-- left_kind: Kind of the first identifier
-- left_value: Its normalised value
-- right_kind: Kind of the second identifier, empty where the decision is about one
-- right_value: Its normalised value
-- since: From when a move counts (UTC); NULL from the beginning
-- reason: What the person wrote
-- who: Who decided, or took it back
-- decided_at: When it was decided (UTC)
-- undone: True where it was taken back
SELECT id, kind, left_kind, left_value, right_kind, right_value, since, reason, who, decided_at, undone
FROM identity_decisions_log FINAL
