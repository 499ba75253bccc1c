-- The whole dossier, one row a client: clients, with rhythm, products and payments. Reads every order line: ask clients where that has what you need
-- client_id: Id of the client
-- name: Name, else its strongest identifier
-- account_id: Account number, empty for a person on their own
-- contacts: Number of known persons
-- decision_makers: Persons whose written role is decides
-- industry: Industry
-- region: Region
-- size: Size, as it was said
-- owner: Account manager
-- backup: Who stands in for the owner
-- parent: Parent company: its account number or client id
-- nps: Net promoter score that counts now, 0 to 10
-- satisfaction: Satisfaction as it was said or written last
-- first_seen: First event
-- last_seen: Last event of any sort
-- last_received: When its newest event arrived: how fresh this row is
-- last_activity: Last thing that the client did
-- last_order: Last sale
-- first_email: First act by mail
-- last_email: Last act by mail
-- first_web: First act on the web
-- last_web: Last act on the web
-- first_call: First act by phone
-- last_call: Last act by phone
-- first_order: First sale
-- events: Number of events
-- active_7d: Acts of the client in the last 7 days
-- active_30d: Acts of the client in the last 30 days
-- active_90d: Acts of the client in the last 90 days
-- active_365d: Acts of the client in the last 365 days
-- emails: Mails opened, clicked or answered
-- web_visits: Pages, products and forms on the web
-- calls: Calls and voicemails
-- emails_7d: Acts by mail in the last 7 days
-- emails_30d: Acts by mail in the last 30 days
-- emails_90d: Acts by mail in the last 90 days
-- emails_365d: Acts by mail in the last 365 days
-- web_visits_7d: Acts on the web in the last 7 days
-- web_visits_30d: Acts on the web in the last 30 days
-- web_visits_90d: Acts on the web in the last 90 days
-- web_visits_365d: Acts on the web in the last 365 days
-- calls_7d: Acts by phone in the last 7 days
-- calls_30d: Acts by phone in the last 30 days
-- calls_90d: Acts by phone in the last 90 days
-- calls_365d: Acts by phone in the last 365 days
-- orders_7d: Orders placed in the last 7 days
-- orders_30d: Orders placed in the last 30 days
-- orders_90d: Orders placed in the last 90 days
-- orders_365d: Orders placed in the last 365 days
-- orders: Orders placed
-- average_order: Average amount of an order
-- revenue_gross: Amount of orders placed, in the workspace's currency; other currencies converted at the rate of the day
-- revenue_net: The same less cancellations and refunds
-- revenue_30d: Net revenue of the last 30 days
-- revenue_90d: Net revenue of the last 90 days
-- revenue_365d: Net revenue of the last 365 days
-- revenue_365d_before: Net revenue of the 365 days before those
-- currency: The workspace's currency
-- other_currencies: Currencies of amounts that are in no sum above, because no exchange rate is known: amounts_without_rate
-- open_alerts: Alerts open now
-- order_days: Days with an order
-- usual_gap_days: Median of days between order days, empty below two
-- next_expected_order: Last order day and the usual gap; only where there are three order days
-- margin: Revenue less cost, of products whose cost is known (product_costs); empty where none is
-- margin_revenue: Revenue of those products: what margin is a part of
-- products_bought: Number of products ever bought
-- products_lapsed: Of these, products not bought for longer than twice their usual gap
-- invoices: Number of invoices
-- paid_on_time_share: Share of paid invoices that were paid by their due date, 0 to 1
-- average_days_late: Average of days after the due date
-- overdue: Invoices overdue
-- overdue_amount: Their amount in the workspace's currency
SELECT
    c.client_id AS client_id,
    c.name AS name,
    c.account_id AS account_id,
    c.contacts AS contacts,
    c.decision_makers AS decision_makers,
    c.industry AS industry,
    c.region AS region,
    c.size AS size,
    c.owner AS owner,
    c.backup AS backup,
    c.parent AS parent,
    c.nps AS nps,
    c.satisfaction AS satisfaction,
    c.first_seen AS first_seen,
    c.last_seen AS last_seen,
    c.last_received AS last_received,
    c.last_activity AS last_activity,
    c.last_order AS last_order,
    c.first_email AS first_email,
    c.last_email AS last_email,
    c.first_web AS first_web,
    c.last_web AS last_web,
    c.first_call AS first_call,
    c.last_call AS last_call,
    c.first_order AS first_order,
    c.events AS events,
    c.active_7d AS active_7d,
    c.active_30d AS active_30d,
    c.active_90d AS active_90d,
    c.active_365d AS active_365d,
    c.emails AS emails,
    c.web_visits AS web_visits,
    c.calls AS calls,
    c.emails_7d AS emails_7d,
    c.emails_30d AS emails_30d,
    c.emails_90d AS emails_90d,
    c.emails_365d AS emails_365d,
    c.web_visits_7d AS web_visits_7d,
    c.web_visits_30d AS web_visits_30d,
    c.web_visits_90d AS web_visits_90d,
    c.web_visits_365d AS web_visits_365d,
    c.calls_7d AS calls_7d,
    c.calls_30d AS calls_30d,
    c.calls_90d AS calls_90d,
    c.calls_365d AS calls_365d,
    c.orders_7d AS orders_7d,
    c.orders_30d AS orders_30d,
    c.orders_90d AS orders_90d,
    c.orders_365d AS orders_365d,
    c.orders AS orders,
    c.average_order AS average_order,
    c.revenue_gross AS revenue_gross,
    c.revenue_net AS revenue_net,
    c.revenue_30d AS revenue_30d,
    c.revenue_90d AS revenue_90d,
    c.revenue_365d AS revenue_365d,
    c.revenue_365d_before AS revenue_365d_before,
    c.currency AS currency,
    c.other_currencies AS other_currencies,
    c.open_alerts AS open_alerts,
    r.order_days AS order_days,
    if(r.order_days = 0, NULL, toNullable(r.usual_gap_days)) AS usual_gap_days,
    r.next_expected AS next_expected_order,
    p.margin AS margin,
    p.margin_revenue AS margin_revenue,
    p.products_bought AS products_bought,
    p.products_lapsed AS products_lapsed,
    y.invoices AS invoices,
    y.paid_on_time_share AS paid_on_time_share,
    y.average_days_late AS average_days_late,
    y.overdue AS overdue,
    y.overdue_amount AS overdue_amount
FROM clients AS c
LEFT JOIN client_rhythm AS r ON r.client_id = c.client_id
LEFT JOIN
(
    SELECT
        client_id,
        sum(k.margin) AS margin,
        sumIf(k.revenue, k.margin IS NOT NULL) AS margin_revenue,
        count() AS products_bought,
        countIf(lapsed) AS products_lapsed
    FROM client_products AS k
    GROUP BY client_id
) AS p ON p.client_id = c.client_id
LEFT JOIN client_payments AS y ON y.client_id = c.client_id
