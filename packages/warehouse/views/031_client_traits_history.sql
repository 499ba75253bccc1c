-- Everything that was ever said or written of a client, with who said it and since when
-- client_id: Client now
-- trait: Name; employees and company_size are called size, parent_account_id parent, owner_email and account_owner owner
-- value: Value as JSON; null takes back what the source had said
-- source: Source of the event that said it; written where a person wrote it
-- who: Who wrote it, empty for events
-- since: Since when it holds
-- subject_key: Leaf key that it was said of
SELECT {{client_of t.client_key}} AS client_id, t.trait AS trait, t.value AS value, t.source AS source, t.who AS who, t.occurred_at AS since, t.client_key AS subject_key
FROM
(
    SELECT
        subject_key AS client_key,
        transform(trait, ['employees', 'company_size', 'parent_account_id', 'owner_email', 'account_owner'], ['size', 'size', 'parent', 'owner', 'owner'], toString(trait)) AS trait,
        value,
        toString(source) AS source,
        '' AS who,
        occurred_at
    FROM client_traits
    WHERE subject = 'client' AND {{is_known subject_key}}
    UNION ALL
    SELECT subject_key AS client_key, toString(field) AS trait, value, 'written' AS source, who, since AS occurred_at
    FROM written_fields
    WHERE subject = 'client' AND {{is_known subject_key}}
) AS t
{{join_client_of t.client_key of SELECT subject_key FROM client_traits WHERE subject = 'client' UNION ALL SELECT subject_key FROM written_fields}}
