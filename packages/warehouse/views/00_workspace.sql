-- The workspace, one row: whose days, weeks and money the other views speak of
-- timezone: Time zone of all days and weeks
-- currency: Currency of all sums, ISO 4217
-- today: Today in that time zone; today() is that of UTC
-- local_time: Now on its clocks
SELECT '{{timezone}}' AS timezone, '{{currency}}' AS currency, toDate(now('{{timezone}}')) AS today, now('{{timezone}}') AS local_time
