-- How long from a client's first order to the second?
-- Asked by: marketing
-- clients: Clients who ordered
-- came_back: Of these, with orders on a second day
-- median_days: Half of those came back within so many days
-- within_30_days: Share of all clients who came back within 30 days, 0 to 1
-- within_90_days: The same within 90 days
WITH
    days AS
    (
        SELECT client_id, arraySort(groupUniqArray(day)) AS days
        FROM order_movements
        WHERE type = 'order.placed' AND client_id != toUUID('00000000-0000-0000-0000-000000000000')
        GROUP BY client_id
    )
SELECT
    count() AS clients,
    countIf(length(days) > 1) AS came_back,
    quantileExactIf(0.5)(dateDiff('day', days[1], days[2]), length(days) > 1) AS median_days,
    round(countIf(length(days) > 1 AND dateDiff('day', days[1], days[2]) <= 30) / clients, 4) AS within_30_days,
    round(countIf(length(days) > 1 AND dateDiff('day', days[1], days[2]) <= 90) / clients, 4) AS within_90_days
FROM days
