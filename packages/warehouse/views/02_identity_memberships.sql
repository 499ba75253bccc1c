-- To which clients a contact belongs, by date: one row unless it moved
-- contact_id: Person
-- client_id: Client
-- since: First day (of the workspace's time zone) from which its events belong to the client; 1970-01-01 for the first
-- until: Last day of it, NULL where it belongs there now
SELECT
    contact_id,
    client_id,
    since,
    if(next = toDate(0), NULL, toNullable(next - 1)) AS until
FROM
(
    SELECT contact_id, client_id, since,
        leadInFrame(since, 1, toDate(0)) OVER (PARTITION BY contact_id ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next
    FROM
    (
        SELECT contact_id, client_id, since,
            lagInFrame(client_id, 1) OVER (PARTITION BY contact_id ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS client_before
        FROM
        (
            SELECT DISTINCT m.contact_id AS contact_id, if(v.key = toUUID('00000000-0000-0000-0000-000000000000'), m.client_id, v.client_id) AS client_id, v.since AS since
            FROM identity_map AS m
            LEFT JOIN identity_moves AS v ON v.key = m.key
            WHERE m.contact_id != toUUID('00000000-0000-0000-0000-000000000000')
        )
    )
    -- Two clients in a row that were joined since, or left and come back to on one day, are one stay.
    WHERE client_id != client_before
)
