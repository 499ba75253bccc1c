-- Findings that are held back while a source is suspiciously quiet: silence of the data is not silence of the client. They become alerts when the source is back and they are still true
-- client_id: Client now
-- client_name: Name of the client
-- detector: Detector that found it
-- channel: What it looks at
-- headline: What was found in a few words
-- source: Source that it waits for
-- since: When it was found first (UTC)
-- until: Until when it waited (UTC); NULL where it waits now
-- outcome: raised, or gone where it was not true when the source was back; empty where it waits now
-- money_at_stake: Revenue at risk
-- currency: The workspace's currency
SELECT
    {{client_id h}} AS client_id,
    if(n.name = '', i.label, n.name) AS client_name,
    toString(h.detector) AS detector,
    toString(h.channel) AS channel,
    h.headline AS headline,
    toString(h.source) AS source,
    h.since AS since,
    h.until AS until,
    toString(h.outcome) AS outcome,
    h.money_at_stake AS money_at_stake,
    '{{currency}}' AS currency
FROM (SELECT *, client_id AS client_key, since AS occurred_at FROM findings_held_log FINAL) AS h
{{join_clients h}}
LEFT JOIN client_names AS n ON n.client_id = {{client_id h}}
LEFT JOIN client_labels AS i ON i.client_id = {{client_id h}}
