-- Contacts who moved from one client to another: to whom their events belong by date
-- key: Leaf key of an identifier of the contact
-- since: From this day on (of the workspace's time zone) events belong to client_id; 1970-01-01 for the first client
-- client_id: Client
SELECT e.key AS key, e.since AS since, if(c.client_id = toUUID('00000000-0000-0000-0000-000000000000'), e.client_key, c.client_id) AS client_id
FROM
(
    SELECT key, era.1 AS since, era.2 AS client_key
    FROM
    (
        -- The beginning of time is on the day before 1970 west of Greenwich, where no Date is.
        SELECT key, arrayMap(era -> (if(toUnixTimestamp64Milli(era.since) = 0, toDate(0), toDate(era.since, '{{timezone}}')), era.client_key), eras) AS days
        FROM identity_keys FINAL
    )
    -- Of several moves on one day the last has it: a day is one client's.
    ARRAY JOIN arrayFilter((era, number) -> number = length(days) OR days[number + 1].1 != era.1, days, arrayEnumerate(days)) AS era
) AS e
LEFT JOIN (SELECT key, client_id FROM identity_clients FINAL) AS c ON c.key = e.client_key
