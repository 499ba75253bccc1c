-- What counts of each person now: of every source its newest word, of those the first by profile_settings.trait_sources
-- contact_id: Person
-- trait: Name of the trait
-- value: Value as JSON
-- source: Who says so; written where a person wrote it
-- who: Who wrote it, empty for events
-- since: Since when
SELECT
    contact_id,
    trait,
    argMin(word.1, (place, -toUnixTimestamp64Milli(word.3))) AS value,
    argMin(source, (place, -toUnixTimestamp64Milli(word.3))) AS source,
    argMin(word.2, (place, -toUnixTimestamp64Milli(word.3))) AS who,
    argMin(word.3, (place, -toUnixTimestamp64Milli(word.3))) AS since
FROM
(
    SELECT
        coalesce(nullIf(m.contact_id, toUUID('00000000-0000-0000-0000-000000000000')), t.subject_key) AS contact_id,
        t.trait AS trait,
        t.source AS source,
        argMax((t.value, t.who, t.since), t.since) AS word,
        indexOf((SELECT trait_sources FROM profile_settings), source) AS listed,
        if(listed = 0, 4294967295, listed) AS place
    FROM
    (
        SELECT subject_key, toString(trait) AS trait, value, toString(source) AS source, '' AS who, occurred_at AS since
        FROM client_traits
        WHERE subject = 'contact' AND {{is_known subject_key}}
        UNION ALL
        SELECT subject_key, toString(field) AS trait, value, 'written' AS source, who, since
        FROM written_fields
        WHERE subject = 'contact' AND {{is_known subject_key}}
    ) AS t
    LEFT JOIN {{identity_map of SELECT subject_key FROM client_traits WHERE subject = 'contact' UNION ALL SELECT subject_key FROM written_fields}} AS m ON m.key = t.subject_key
    WHERE t.since <= now64(3)
    GROUP BY contact_id, trait, source
    HAVING word.1 != 'null'
)
GROUP BY contact_id, trait
