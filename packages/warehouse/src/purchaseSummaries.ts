import { fill, type WarehouseSettings } from "./workspace.ts";

/**
 * What models of leaving need of every client with an order, in the order of their ids: client_id, repeats (order days
 * after the first), recency_days and exposure_days (from the first order to the last, and to the parameter `as_of`, a Date;
 * later orders are left out), log_gaps (sum of ln(gap in days)), amount_days and mean_amount (of the repeats whose amount
 * in the workspace's currency is known and above 0, before returns). Days are summed by key first, the map comes after.
 * O(clients' order days).
 */
export const purchaseSummariesQuery = (workspace: WarehouseSettings): string =>
  fill(
    `WITH days_sorted[1].1 AS first_day, arrayFilter(amount -> amount > 0, arrayMap(day -> day.2, arrayPopFront(days_sorted))) AS amounts,
       arrayDifference(arrayMap(day -> toInt64(toUInt16(day.1)), days_sorted)) AS gaps
     SELECT client_id, length(days_sorted) - 1 AS repeats, days_sorted[-1].1 - first_day AS recency_days,
       {as_of: Date} - first_day AS exposure_days, arraySum(arrayMap(gap -> log(gap), arrayPopFront(gaps))) AS log_gaps,
       length(amounts) AS amount_days, if(amount_days = 0, 0, arrayAvg(amounts)) AS mean_amount
     FROM (
       SELECT client_id, arraySort(groupArray((day, amount))) AS days_sorted FROM (
         SELECT {{client_of k.owner_key}} AS client_id, k.day AS day, toFloat64(sum(k.amount)) AS amount
         FROM (
           SELECT {{owner client_key day}} AS owner_key, day, sum(gross_here) AS amount
           FROM revenue_converted WHERE day <= {as_of: Date} GROUP BY owner_key, day HAVING sum(revenue_converted.orders) > 0
         ) AS k
         {{join_client_of k.owner_key}}
         GROUP BY client_id, day
       ) GROUP BY client_id
     ) ORDER BY client_id`,
    workspace,
  );
