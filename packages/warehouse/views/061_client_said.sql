-- The dossier's short fields, one row a client that anything was said of
-- client_id: Client
-- name: Name: what counts of the client itself, else that of the only person known by name
-- industry: Industry
-- region: Region
-- size: Size
-- owner: Account manager
-- backup: Who stands in for the owner
-- parent: Parent company
-- nps: Net promoter score
-- satisfaction: Satisfaction
SELECT
    client_id,
    multiIf(countIf(trait = 'name') > 0, anyIf(said, trait = 'name'), uniqExactIf(said, trait = 'name of a person') = 1, anyIf(said, trait = 'name of a person'), '') AS name,
    anyIf(said, trait = 'industry') AS industry,
    anyIf(said, trait = 'region') AS region,
    anyIf(said, trait = 'size') AS size,
    anyIf(said, trait = 'owner') AS owner,
    anyIf(said, trait = 'backup') AS backup,
    anyIf(said, trait = 'parent') AS parent,
    anyIf(said, trait = 'nps') AS nps,
    anyIf(said, trait = 'satisfaction') AS satisfaction
FROM
(
    SELECT client_id, trait, if(JSONType(value) = 'String', JSONExtractString(value), value) AS said
    FROM client_traits_now
    WHERE trait IN ('name', 'industry', 'region', 'size', 'owner', 'backup', 'parent', 'nps', 'satisfaction')
    UNION ALL
    SELECT m.client_id AS client_id, 'name of a person' AS trait, w.name AS said
    FROM (SELECT contact_id, JSONExtractString(value) AS name FROM contact_traits_now WHERE trait = 'name') AS w
    INNER JOIN
    (
        SELECT DISTINCT contact_id, client_id
        FROM {{identity_map of SELECT subject_key FROM client_traits WHERE trait = 'name' AND subject = 'contact' UNION ALL SELECT subject_key FROM written_fields WHERE field = 'name' AND subject = 'contact'}}
    ) AS m ON m.contact_id = w.contact_id
)
WHERE said != ''
GROUP BY client_id
