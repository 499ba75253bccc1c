-- The dossier's short fields, one row a client that anything was said of
-- client_id: Client
-- name: Name: what counts of the client itself, else the newest name of a person of it
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
    argMaxIf(said, own, trait = 'name' AND said != '') AS name,
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
    SELECT client_id, trait, if(JSONType(value) = 'String', JSONExtractString(value), value) AS said, toDateTime64('2299-01-01 00:00:00', 3, 'UTC') AS own
    FROM {{view client_traits_now}}
    WHERE trait IN ('name', 'industry', 'region', 'size', 'owner', 'backup', 'parent', 'nps', 'satisfaction')
    UNION ALL
    SELECT {{client_of t.subject_key}} AS client_id, 'name' AS trait, t.said AS said, t.said_at AS own
    FROM
    (
        SELECT subject_key, max(occurred_at) AS said_at, argMax(JSONExtractString(value), occurred_at) AS said
        FROM client_traits
        WHERE subject = 'contact' AND trait = 'name' AND value != 'null' AND {{of_keys subject_key}}
        GROUP BY subject_key
    ) AS t
    {{join_client_of t.subject_key of SELECT subject_key FROM client_traits WHERE trait = 'name'}}
)
GROUP BY client_id
