-- A page reads some hundred rows of a client from these: a compressed block of 64 KB, the default, holds many times as
-- much of each column, and unpacking it was a quarter of the work of reading a client. Sums over all clients take as long as before.
-- Parts that are there are rewritten when they are merged.
ALTER TABLE activity_daily MODIFY SETTING min_compress_block_size = 4096;

ALTER TABLE order_lines MODIFY SETTING min_compress_block_size = 4096;

ALTER TABLE client_traits MODIFY SETTING min_compress_block_size = 4096;

ALTER TABLE identity_keys MODIFY SETTING min_compress_block_size = 4096;

ALTER TABLE identity_members MODIFY SETTING min_compress_block_size = 4096;

ALTER TABLE identifiers MODIFY SETTING min_compress_block_size = 4096;

-- Of these two, which lists read whole, parts are also merged as soon as they are together twice as large as the largest
-- of them (five times by default): half the parts to look a client up in, and a third of the rows of client_totals. On
-- activity_daily and order_lines as well it would make ingestion a tenth more work.
ALTER TABLE revenue_daily MODIFY SETTING min_compress_block_size = 4096, merge_selector_base = 2;

ALTER TABLE client_totals MODIFY SETTING merge_selector_base = 2;
