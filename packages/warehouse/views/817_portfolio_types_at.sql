-- Types of key clients, a row a client and type: those that data proves are computed, the others are set by people (written field types)
-- client_id: Client
-- name: Its name, else its strongest identifier
-- type: breadwinner, long_term, corporation; promising, image_maker, expert, partner
-- computed: True where it is computed, false where somebody set it
-- who: Who set it, empty where it is computed
-- since: Since when it is set (UTC); NULL where it is computed
SELECT t.client_id AS client_id, if(w.name = '', i.label, w.name) AS name, t.type AS type, t.computed AS computed, t.who AS who, t.since AS since
FROM
(
    SELECT p.client_id AS client_id, 'breadwinner' AS type, true AS computed, '' AS who, CAST(NULL AS Nullable(DateTime64(3, 'UTC'))) AS since
    FROM portfolio_at(as_of = {as_of:Date}) AS p
    WHERE p.share >= (SELECT breadwinner FROM portfolio_settings)
    UNION ALL
    SELECT {{client_of k.owner_key}} AS client_id, 'long_term' AS type, true AS computed, '' AS who, NULL AS since
    FROM
    (
        SELECT {{owner client_key day}} AS owner_key, groupUniqArray(intDiv(toInt32({as_of:Date} - day), 365)) AS years
        FROM
        (
            SELECT client_key, day FROM revenue_daily
            WHERE {{is_known client_key}} AND day <= {as_of:Date} AND day > {as_of:Date} - 365 * (SELECT toInt32(long_term_years) FROM portfolio_settings)
            GROUP BY client_key, day HAVING sum(orders) > 0
        )
        GROUP BY owner_key
    ) AS k
    {{join_client_of k.owner_key}}
    GROUP BY client_id
    HAVING length(arrayDistinct(arrayFlatten(groupArray(k.years)))) = (SELECT long_term_years FROM portfolio_settings)
    UNION ALL
    SELECT DISTINCT parent AS client_id, 'corporation' AS type, true AS computed, '' AS who, NULL AS since
    FROM client_parents AS c
    WHERE c.since <= {as_of:Date} AND c.until > {as_of:Date}
    UNION ALL
    SELECT h.client_id AS client_id, arrayJoin(JSONExtract(h.newest.1, 'Array(String)')) AS type, false AS computed, h.newest.2 AS who, toNullable(h.newest.3) AS since
    FROM
    (
        SELECT client_id, argMax((value, who, h.since), h.since) AS newest
        FROM client_traits_history AS h
        WHERE trait = 'types' AND source = 'written' AND toDate(h.since, '{{timezone}}') <= {as_of:Date}
        GROUP BY client_id
    ) AS h
) AS t
LEFT JOIN client_labels AS i ON i.client_id = t.client_id
LEFT JOIN client_names AS w ON w.client_id = t.client_id
