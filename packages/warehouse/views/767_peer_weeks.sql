-- What clients did alike in a week, against their usual: 1 is as always, 0.5 is half. Taken out of each client's drop score; the week itself is skipped below 0.2
-- channel: orders, all, email, web or call
-- segment: Clients who are compared with each other (SIGNALS_SEGMENT_BY: those of an industry); empty for all clients
-- week: Monday of the week
-- factor: Peer factor
-- computed_at: When it was worked out (UTC)
SELECT
    toString(channel) AS channel,
    toString(segment) AS segment,
    week,
    factor,
    computed_at
FROM peer_factors FINAL
