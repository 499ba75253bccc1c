-- A page reads some hundred rows of a client from these: a compressed block of 64 KB, the default, holds many times as
-- much of each column, and unpacking it was a third of the page's work. Sums over all clients take as long as before.
-- Parts that are there are rewritten when they are merged.
ALTER TABLE activity_daily MODIFY SETTING min_compress_block_size = 4096;

ALTER TABLE revenue_daily MODIFY SETTING min_compress_block_size = 4096;

ALTER TABLE order_lines MODIFY SETTING min_compress_block_size = 4096;

ALTER TABLE client_traits MODIFY SETTING min_compress_block_size = 4096;

ALTER TABLE identity_keys MODIFY SETTING min_compress_block_size = 4096;

ALTER TABLE identity_members MODIFY SETTING min_compress_block_size = 4096;

ALTER TABLE identifiers MODIFY SETTING min_compress_block_size = 4096;
