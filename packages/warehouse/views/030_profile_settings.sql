-- Settings of profiles as they are now: one row
-- rate_days: So many days a day without an exchange rate takes the last one before it
-- trait_sources: Whose word counts first: names of sources, `written` for what people wrote; the others by newest
SELECT
    if(JSONHas(value, 'rate_days'), JSONExtractUInt(value, 'rate_days'), 7) AS rate_days,
    if(JSONHas(value, 'trait_sources'), JSONExtract(value, 'trait_sources', 'Array(String)'), ['written']) AS trait_sources
FROM (SELECT argMaxIf(settings.value, version, kind = 'profiles') AS value FROM settings)
