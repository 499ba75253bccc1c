-- Contacts who moved from one client to another: to whom their events belong by date
-- key: Leaf key of an identifier of the contact
-- since: From this day on (of the workspace's time zone) events belong to client_id; 1970-01-01 for the first client
-- client_id: Client
SELECT e.key AS key, toDate(e.since, '{{timezone}}') AS since, if(c.client_id = toUUID('00000000-0000-0000-0000-000000000000'), e.client_key, c.client_id) AS client_id
FROM
(
    SELECT key, era.since AS since, era.client_key AS client_key
    FROM identity_keys FINAL
    ARRAY JOIN eras AS era
) AS e
LEFT JOIN (SELECT key, client_id FROM identity_clients FINAL) AS c ON c.key = e.client_key
