ALTER TABLE erasures
    ADD COLUMN mentions Array(String) COMMENT 'What the person is called in texts about its companies, while it runs; emptied when it is done' AFTER names,
    ADD COLUMN clients Array(UUID) COMMENT 'Those companies, while it runs' AFTER mentions;
