-- Name of each client: the newest that group events say, else that identify events say
-- client_id: Client
-- name: Name
SELECT client_id, argMax(trait_value, said_at) AS name
FROM
(
    SELECT
        if(m.client_id = toUUID('00000000-0000-0000-0000-000000000000'), t.subject_key, m.client_id) AS client_id,
        t.trait_value,
        -- What is said of the client itself counts before what is said of a person.
        (t.subject = 'client', t.occurred_at) AS said_at
    FROM
    (
        SELECT subject_key, subject, occurred_at, JSONExtractString(value) AS trait_value
        FROM client_traits
        WHERE trait = 'name' AND value != 'null'
    ) AS t
    LEFT JOIN identity_map AS m ON m.key = t.subject_key
)
GROUP BY client_id
