-- At which line each detector raises an alert, and why: the newest row of a detector, channel and segment holds
-- detector: Detector
-- channel: What it looks at
-- segment: Clients that it is for; empty for all
-- set_at: From when it holds (UTC)
-- until: Until when it held (UTC); NULL where it holds now
-- budget: False alarms a client-year that it was set for
-- aim: False alarms a client-year that the line was set for: another number where outcomes say that lines give more, or fewer, than they were set for
-- line: Score at which activity_drop and growth raise; else the budget, which silence turns into days by a client's own gaps a year
-- monitored: Clients that it watched then
-- reason: Why it is there
SELECT
    toString(l.detector) AS detector,
    toString(l.channel) AS channel,
    toString(l.segment) AS segment,
    l.set_at AS set_at,
    nullIf(leadInFrame(l.set_at, 1, toDateTime64(0, 3, 'UTC')) OVER (PARTITION BY l.detector, l.channel, l.segment ORDER BY l.set_at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING), toDateTime64(0, 3, 'UTC')) AS until,
    l.budget AS budget,
    l.aim AS aim,
    l.line AS line,
    l.monitored AS monitored,
    l.reason AS reason
FROM detector_lines_log AS l
