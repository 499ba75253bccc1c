-- How many decide, where roles are known
-- client_id: Client
-- decision_makers: Persons whose role is decides
SELECT m.client_id AS client_id, count() AS decision_makers
FROM
(
    SELECT contact_id
    FROM contact_traits_now
    WHERE trait = 'role' AND value = '"decides"'
) AS w
INNER JOIN
(
    SELECT DISTINCT contact_id, client_id
    FROM {{identity_map of SELECT subject_key FROM client_traits WHERE trait = 'role' UNION ALL SELECT subject_key FROM written_fields WHERE field = 'role'}}
) AS m ON m.contact_id = w.contact_id
GROUP BY client_id
