/** A question about the portfolio that is answered from its views; parameters are `as_of`, `since`, `limit`. */
interface Report {
  readonly title: string;
  readonly sql: string;
}

const rows = (columns: string, view: string, order: string): string =>
  `SELECT ${columns} FROM ${view}(as_of = {as_of: Date}) ORDER BY ${order} LIMIT {limit: UInt32}`;

export const portfolioReports = {
  abc: {
    title: "ABC: who makes most of it",
    sql: rows("place, name, abc, value, share, cumulative_share, revenue_before", "portfolio_at", "place"),
  },
  xyz: {
    title: "XYZ: who buys steadily, the largest first",
    sql: rows("name, xyz, variation, how_often, order_months, revenue", "portfolio_at", "xyz, place"),
  },
  grid: {
    title: "ABC-XYZ: how large and how steady",
    sql: rows("abc, xyz, clients, revenue, share", "portfolio_grid_at", "abc, xyz"),
  },
  rfm: {
    title: "RFM: how lately, how often, how much",
    sql: rows(
      "name, rfm, last_order, orders, revenue, first_order",
      "portfolio_at",
      "recency + frequency + money DESC, place",
    ),
  },
  concentration: {
    title: "Concentration",
    sql: "SELECT * FROM portfolio_concentration_at(as_of = {as_of: Date}) LIMIT {limit: UInt32}",
  },
  thresholds: {
    title: "Thresholds: who has such a share alone, how few have it together",
    sql: rows("threshold, clients_above, fewest_clients", "portfolio_thresholds_at", "threshold"),
  },
  lorenz: {
    title: "Lorenz curve, the smallest clients first",
    sql: "SELECT clients_share, value_share FROM portfolio_lorenz_at(as_of = {as_of: Date}) ORDER BY clients_share",
  },
  moves: {
    title: "Who moved from one class to another",
    sql: `SELECT measure, from_class, to_class, name, value_before, value
      FROM portfolio_moves_at(since = {since: Date}, as_of = {as_of: Date})
      ORDER BY measure, greatest(value, value_before) DESC, name LIMIT {limit: UInt32}`,
  },
  churn: {
    title: "Lost and won back, month by month; the last month is not over",
    sql: rows("month, lost, revenue_lost, won_back, revenue_won_back, net", "portfolio_churn_at", "month DESC"),
  },
  directions: {
    title: "Where clients are lost, of the last 12 months",
    sql: `SELECT direction, value, sum(d.lost) AS lost, sum(d.revenue_lost) AS revenue_lost, sum(d.came_back) AS came_back
      FROM portfolio_churn_directions_at(as_of = {as_of: Date}) AS d
      WHERE month > addMonths({as_of: Date}, -12) AND value != ''
      GROUP BY direction, value ORDER BY direction, revenue_lost DESC LIMIT {limit: UInt32}`,
  },
  "win-back": {
    title: "Whom to win back first",
    sql: rows(
      "name, owner, lost_on, revenue_before, chance, chance_by, expected_value, reason, offer, outcome, last_bought",
      "portfolio_win_back_at",
      "expected_value DESC, revenue_before DESC, name",
    ),
  },
  types: {
    title: "Types of key clients",
    sql: rows("type, name, computed, who, since", "portfolio_types_at", "type, name"),
  },
  kaism: {
    title: "KAISM: how valuable to us (up), how attractive we are to them (across)",
    sql: rows("quadrant, name, up, across, known AS known_share", "portfolio_kaism_at", "up + across DESC, name"),
  },
  scores: {
    title: "Scores by each scheme, the highest first",
    sql: `SELECT scheme, place, name, score, known AS known_share, people AS from_people_share
      FROM portfolio_scores_at(as_of = {as_of: Date}) ORDER BY scheme, place, name LIMIT {limit: UInt32} BY scheme`,
  },
  disagreements: {
    title: "Where schemes disagree most",
    sql: rows(
      "name, high_scheme, high_place, low_scheme, low_place, difference",
      "portfolio_disagreements_at",
      "difference DESC, name",
    ),
  },
} as const satisfies Record<string, Report>;

export type ReportName = keyof typeof portfolioReports;
export const reportNames = Object.keys(portfolioReports) as [ReportName, ...ReportName[]];
