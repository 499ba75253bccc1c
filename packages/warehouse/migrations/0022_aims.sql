ALTER TABLE detector_lines_log ADD COLUMN aim Float64 DEFAULT budget COMMENT 'False alarms a client-year that the line was set for, so that experience keeps the budget' AFTER budget;
