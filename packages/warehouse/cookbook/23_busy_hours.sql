-- When do clients order? By weekday and hour on the workspace's clocks
-- Asked by: sales, support
-- weekday: 1 is Monday
-- hour: Hour of the day
-- orders: Orders placed
SELECT toDayOfWeek(local_time) AS weekday, toHour(local_time) AS hour, count() AS orders
FROM order_movements
WHERE type = 'order.placed'
GROUP BY weekday, hour
ORDER BY weekday, hour
