-- What counts of each client now: of every source its newest word, of those the first by profile_settings.trait_sources
-- client_id: Client
-- trait: Name of the trait
-- value: Value as JSON
-- source: Who says so; written where a person wrote it
-- who: Who wrote it, empty for events
-- since: Since when
SELECT
    client_id,
    trait,
    argMin(word.1, (place, -toUnixTimestamp64Milli(word.3))) AS value,
    argMin(source, (place, -toUnixTimestamp64Milli(word.3))) AS source,
    argMin(word.2, (place, -toUnixTimestamp64Milli(word.3))) AS who,
    argMin(word.3, (place, -toUnixTimestamp64Milli(word.3))) AS since
FROM
(
    SELECT
        client_id,
        trait,
        source,
        argMax((value, who, since), since) AS word,
        indexOf((SELECT trait_sources FROM profile_settings), source) AS listed,
        if(listed = 0, 4294967295, listed) AS place
    FROM client_traits_history
    WHERE since <= now64(3)
    GROUP BY client_id, trait, source
    HAVING word.1 != 'null'
)
GROUP BY client_id, trait
