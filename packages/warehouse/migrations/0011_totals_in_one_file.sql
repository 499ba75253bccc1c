-- A page reads all columns of a few keys: from parts with one file for all columns that takes a quarter of the time.
-- Parts that are there are rewritten when they are merged.
ALTER TABLE client_totals MODIFY SETTING min_bytes_for_wide_part = 1000000000000, min_rows_for_wide_part = 1000000000000;
