-- Clients entering and leaving segments. A merge of clients shows as one leaving, and perhaps one entering
-- segment: Segment
-- client_id: Client as it was then
-- change: entered or left
-- at: When it was evaluated (UTC)
-- day: The same as a day in the workspace's time zone
SELECT segment, client_id, change, at, toDate(at, '{{timezone}}') AS day FROM segment_changes
